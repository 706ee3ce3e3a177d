"""The packed starter: a stock pipeline and a video model, whatever has been taught of it."""

from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline

from studio.engine.device import PROCESSOR
from studio.engine.families.videoldm import load
from studio.engine.fill import FillSpec, Text, fill
from studio.lab.starter import codec, figures, image, over_time, packing, reader
from studio.lab.starter.animation import Stage
from studio.lab.starter.recipe import Recipe, Scale
from studio.library import models
from studio.spec.progress import silent


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter with random weights, none of it taught around given frames."""
    out = tmp_path_factory.mktemp("starter")
    recipe = Recipe(out, Scale())
    words = reader.tokenizer()
    words.save_pretrained(recipe.part("tokenizer"))
    unet = image.fresh(0)
    for name, net in (
        ("text_encoder", reader.fresh(words, 0)),
        ("vae", codec.fresh(0)),
        ("unet", unet),
    ):
        net.half().save_pretrained(recipe.part(name))
    recipe.pack_layers("temporal", over_time.fresh(unet.float(), 0))
    stage = Stage.make(figures.pool(0, 8), 1, codec.SIZE, 0, "cpu")
    return packing.pack(out / "parts", out / "starter", stage)


def test_a_stock_pipeline_opens_it(packed: Path):
    pipe = StableDiffusionPipeline.from_pretrained(packed, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    made = pipe("a red ball", num_inference_steps=1, output_type="pt").images
    assert made.shape == (1, 3, codec.SIZE, codec.SIZE)


def test_the_studio_opens_it_and_makes_keyframes_alone(packed: Path):
    found = models.read(packed)
    model = load(packed, found.family, PROCESSOR)
    cells = torch.zeros(2, codec.CHANNELS, 4, 4)
    said = torch.zeros(1, reader.POSITIONS, reader.WIDTH)
    text, spec = Text(said, said, said, said), FillSpec("keyframes", (0, 1), 0, 1, 1.0)
    made = fill(model, cells, (False, False), text, spec, silent)
    assert made.shape == cells.shape
    assert made.isfinite().all()
    assert model.refuses((True, False))
