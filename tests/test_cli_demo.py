"""The demo, and the pictures that it begins with."""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.cli import main
from studio.jobs import handlers
from studio.media.container import probe
from studio.project.subjects import SubjectStore
from studio.terminal.demo import NAME, NOUN, SAMPLES
from tests import drawing, tiny_starter
from tests.engine import tiny_upsampler


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder whose starter is a tiny one, taught with pictures of one step."""
    monkeypatch.setattr(handlers, "BUILT_IN", tmp_path / "none")
    tiny_upsampler.give(tiny_starter.make(tmp_path / "data" / "models" / "starter"))
    with drawing.in_one_step():
        yield tmp_path / "data"


def test_the_demo_leaves_keyframes_a_clip_and_a_gif(home, tmp_path, capsys):
    begun = [
        "subject",
        "train",
        str(SAMPLES),
        "--name",
        NAME,
        "--class-noun",
        NOUN,
        "--not-a-person",
    ]
    assert main([*begun, "--steps", "1", "--data-dir", str(home)]) == 0
    identity = SubjectStore(home / "subjects").get(NAME).identity
    capsys.readouterr()
    out = tmp_path / "new" / "out"
    assert main(["demo", "--out", str(out), "--json", "--data-dir", str(home)]) == 0
    said = json.loads(capsys.readouterr().out)
    names = ["keyframes.png", "clip.mp4", "clip.gif"]
    assert said["paths"] == [str(out / name) for name in names]
    assert {path.name for path in out.iterdir()} == set(names)
    assert probe(out / "clip.mp4").frames == 8
    assert probe(out / "clip.gif").frames == 8
    assert {probe(out / name).width for name in names[1:]} == {256}
    assert SubjectStore(home / "subjects").get(NAME).identity == identity, "trained once is enough"


def test_a_folder_that_cannot_be_made_is_refused(home, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    asked = ["demo", "--out", str(tmp_path / "file" / "out"), "--data-dir", str(home)]
    assert main(asked) == 2
    assert "out cannot be made. Choose another" in capsys.readouterr().err


def test_the_sample_pictures_are_those_of_their_script(tmp_path):
    runpy.run_path(str(SAMPLES / "render.py"))["render"](tmp_path)
    files = sorted(SAMPLES.glob("*.png"))
    assert [file.name for file in files] == sorted(path.name for path in tmp_path.iterdir())
    assert len(files) == 6
    assert sum(file.stat().st_size for file in files) < 400_000
    for file in files:
        kept, drawn = (
            np.asarray(Image.open(path).convert("RGB")).astype(int)
            for path in (file, tmp_path / file.name)
        )
        assert kept.shape == (256, 256, 3)
        assert np.abs(kept - drawn).mean() < 3
