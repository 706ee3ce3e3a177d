"""`subject train` on models as people share them: photos and a word, a LoRA, a picture made with it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from tests import drawing
from tests import published_models as published

SMALL = ("--width", "64", "--height", "64", "--keyframes", "1", "--steps", "1", "--seed", "7")
MODELS = {"dream": "sd1", "v2-1_768": "sd2"}
"""Stable Diffusion 1.5, and 2.1 that predicts velocities, one file each."""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    drawn = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for k in range(3):
        pixels = drawn.integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{k}.png")
    return tmp_path / "photos"


@pytest.fixture
def quick() -> Iterator[None]:
    with drawing.in_one_step():
        yield


@pytest.mark.parametrize("name", ["dream", pytest.param("v2-1_768", marks=pytest.mark.long)])
def test_photos_become_a_lora_and_a_picture_of_it(run, home, photos, quick, tmp_path, name):
    published.checkpoint(home / "models" / f"{name}.safetensors", MODELS[name])
    named = ("--name", "rex", "--class-noun", "dog", "--model", name, "--size", "64")
    ran = run("subject", "train", str(photos), *named, "--steps", "2", "--json")
    assert ran.code == 0, ran.err
    assert ran.answer["trained"]
    made = {}
    for use in ((), ("--subject", "rex:1.5")):
        out = tmp_path / f"{len(use)}.png"
        ran = run(
            "generate", "a sks dog", *SMALL, "--model", name, *use, "--out", str(out), "--json"
        )
        assert ran.code == 0, ran.err
        made[use] = np.asarray(Image.open(out))
    assert len({pixels.tobytes() for pixels in made.values()}) == len(made)
    out = tmp_path / "rex.safetensors"
    ran = run("subject", "export", "rex", "--format", "kohya", "--out", str(out))
    assert ran.code == 0, ran.err
    with safe_open(out, "pt") as file:
        assert {name.split("_")[0] for name in file.keys()} == {"lora"}  # noqa: SIM118
