"""Clips as training sets, and a decoder that is taught with them."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from studio.jobs.model_cache import ModelCache
from studio.lab.training import clips, parts
from studio.library import models as library
from studio.media.video import write_video
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal


def a_clip(path: Path, frames: int, size: tuple[int, int] = (40, 32)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    levels = (np.full((size[1], size[0], 3), 10 * k, np.uint8) for k in range(frames))
    write_video(path, levels, fps=Fraction(8), size=size, recipe=None)
    return path


def test_clips_are_cut_into_pieces_of_one_size_and_length(tmp_path):
    a_clip(tmp_path / "a.mp4", 9)
    a_clip(tmp_path / "deeper" / "b.mp4", 3)
    (tmp_path / "notes.txt").write_text("no clip")
    pieces = clips.cut(tmp_path, 16, 4)
    assert pieces.shape == (2, 4, 16, 16, 3)
    assert pieces.dtype == np.uint8
    np.testing.assert_allclose(pieces[1, :, 8, 8, 0], [40, 50, 60, 70], atol=3)


def test_memory_is_bounded(tmp_path, monkeypatch):
    a_clip(tmp_path / "a.mp4", 12)
    a_clip(tmp_path / "b.mp4", 12)
    monkeypatch.setattr(clips, "MOST_BYTES", 2 * 4 * 16 * 16 * 3)
    assert len(clips.cut(tmp_path, 16, 4)) == 2  # the beginning of each


def test_what_cannot_teach_is_refused(tmp_path):
    with pytest.raises(Refusal, match="does not exist"):
        clips.cut(tmp_path / "gone", 16, 4)
    with pytest.raises(Refusal, match="holds no clips"):
        clips.cut(tmp_path, 16, 4)
    a_clip(tmp_path / "a.mp4", 3)
    with pytest.raises(Refusal, match="has 4 frames"):
        clips.cut(tmp_path, 16, 4)


def test_a_stopped_training_goes_on_and_its_file_makes_the_model_see_time(home, tmp_path):
    folder, out = home / "models" / "tiny", tmp_path / "out"
    a_clip(tmp_path / "clips" / "a.mp4", 16)
    seen = []

    def stop(progress):
        seen.append(progress)
        if (progress.stage, progress.step) == ("temporal decoder", 2):
            raise Cancelled

    how = {"seed": 1, "steps": 3}
    model = library.read(folder)
    with pytest.raises(Cancelled):
        parts.teach_decoder(model, tmp_path / "clips", out, **how, tick=stop)
    seen.clear()
    file = parts.teach_decoder(model, tmp_path / "clips", out, **how, tick=seen.append)
    assert [p.step for p in seen if p.stage == "temporal decoder"] == [3]
    file.rename(folder / file.name)
    card = folder / "model.toml"
    card.write_text(card.read_text("utf-8") + 'decoder = "decoder.safetensors"\n', "utf-8")
    video = ModelCache().video(library.read(folder), lambda _: None)
    assert video.decoder is not None
    assert not any(p.requires_grad for p in video.decoder.parameters())
