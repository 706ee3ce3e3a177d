"""The released starter: small enough, whole, and its clips show what was asked."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.cli import main
from studio.engine.device import PROCESSOR
from studio.lab.measures import oracle
from studio.lab.starter import wording
from studio.library import models as library
from studio.media.footage import read_video
from studio.media.provenance import is_marked

STARTER = Path(__file__).resolve().parents[2] / "models" / "starter"
PROMPT = "a red ball moving left over grass"


def test_it_fits_its_budget_and_opens_whole() -> None:
    files = [path for path in STARTER.rglob("*") if path.is_file()]
    sizes = [path.stat().st_size for path in files]
    assert sum(sizes) <= 40e6
    assert max(sizes) <= 15e6
    assert not [path for path in files if path.suffix in (".bin", ".pt", ".ckpt", ".pkl")]
    found = library.read(STARTER)
    assert {role for role, _ in found.weights} == {
        *("image", "temporal", "text", "autoencoder"),
        *("decoder", "upsampler", "upsampler over time", "settings"),
    }
    assert found.card.subjects.words == wording.VOCABULARY
    assert found.card.notice


def test_its_tokenizer_knows_every_word_that_it_was_taught() -> None:
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(STARTER / "tokenizer")
    assert len(tokenizer) < 2000
    assert all(len(tokenizer.tokenize(word)) == 1 for word in wording.words())


def test_stock_diffusers_opens_the_image_part() -> None:
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(STARTER)
    (picture,) = pipeline(PROMPT, num_inference_steps=2, output_type="np").images
    assert picture.shape == (128, 128, 3)
    assert np.isfinite(picture).all()


def test_its_upsampler_makes_frames_sharper_and_keeps_what_they_show() -> None:
    from studio.lab.measures import upsampling
    from studio.lab.training import frame_pairs

    how = library.read(STARTER).card.upsampling
    assert how is not None
    true = upsampling.filmed(3, 256).frames[:3]
    small = frame_pairs.shrunk(torch.from_numpy(true))
    made = upsampling.upscaled(
        upsampling.opened(STARTER / "upsampler", PROCESSOR), small.numpy(), how, 1
    )
    blurred = upsampling.resampled(small.numpy(), upsampling.RESAMPLED["bicubic"])
    assert upsampling.sharpness(made) > 1.3 * upsampling.sharpness(blurred)
    again = frame_pairs.shrunk(torch.from_numpy(made)).float()
    assert (again - small).abs().mean() < 3  # levels of 255


@pytest.mark.parametrize(
    ("more", "frames", "made"),
    [
        (("--keyframes", "4", "--interpolate", "1"), 13, 8),
        pytest.param((), 113, 1 + 7 * 2 + 15, marks=pytest.mark.long),
    ],
)
def test_words_become_a_clip_that_shows_them_and_again_it_comes_from_takes(
    more: tuple[str, ...],
    frames: int,
    made: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def generate(name: str) -> tuple[dict, np.ndarray]:
        out = tmp_path / name
        data = [*more, "--data-dir", str(tmp_path / "data"), "--json"]
        assert main(["generate", PROMPT, "--seed", "7", "--out", str(out), *data]) == 0
        assert is_marked(out)
        return json.loads(capsys.readouterr().out), np.stack(list(read_video(out)))

    first, shown = generate("a.mp4")
    sighting = oracle.look(shown)
    assert (sighting.colour, sighting.place) == ("red", "grass")
    assert len(shown) == first["frames"] == frames
    assert first["fps"] == (24 if frames == 113 else 6)
    second, again = generate("b.mp4")
    assert np.array_equal(shown, again)
    assert second["made"] == 0
    assert second["reused"] == first["made"] == made
    assert second["seconds"] <= first["seconds"] / 5
