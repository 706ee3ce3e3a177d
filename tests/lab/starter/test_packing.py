"""The packed starter: a stock pipeline and a video model, whatever has been taught of it."""

from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline

from studio.engine.device import PROCESSOR
from studio.engine.families.videoldm.family import load_video
from studio.engine.families.videoldm.fill import Text, fill
from studio.engine.roles import FillSpec
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
    with pytest.MonkeyPatch.context() as few:
        few.setattr(packing, "PREVIEWED", 16)
        return packing.pack(out / "parts", out / "starter", stage)


def test_a_stock_pipeline_opens_it(packed: Path):
    pipe = StableDiffusionPipeline.from_pretrained(packed, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    made = pipe("a red ball", num_inference_steps=1, output_type="pt").images
    assert made.shape == (1, 3, codec.SIZE, codec.SIZE)


def test_the_studio_opens_it_and_makes_keyframes_alone(packed: Path):
    found = models.read(packed)
    model = load_video(packed, found.card, PROCESSOR)
    cells = torch.zeros(2, codec.CHANNELS, 4, 4)
    said = torch.zeros(1, reader.POSITIONS, reader.WIDTH)
    text, spec = Text(said, said, said, said), FillSpec("keyframes", (0, 1), 0, 1, 1.0)
    made = fill(model, cells, (False, False), text, spec, silent)
    assert made.shape == cells.shape
    assert made.isfinite().all()
    assert model.refuses((True, False))


def test_finished_parts_learn_on_from_what_they_are(tmp_path: Path):
    recipe = Recipe(tmp_path, Scale())
    unet = image.fresh(1)
    net = over_time.fresh(unet, 1)
    unet.half().save_pretrained(recipe.part("unet"))
    unet.float()
    recipe.pack_layers("temporal", net)
    (tmp_path / "runs" / "image").mkdir(parents=True)
    recipe.again("unet", "temporal")
    assert not recipe.is_done("unet")
    assert not recipe.is_done("temporal")
    assert not (tmp_path / "runs" / "image").exists()
    begun = recipe.started_unet()
    for name, tensor in begun.state_dict().items():
        assert torch.equal(tensor, unet.state_dict()[name].half().float())
    assert all(parameter.requires_grad for parameter in begun.parameters())
    assert not torch.equal(next(begun.parameters()), next(image.fresh(0).parameters()))
    assert recipe.start("temporal").is_dir()
    recipe.again("unet")  # nothing is finished: what a training started from stays
    assert recipe.start("unet").is_dir()
