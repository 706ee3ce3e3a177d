"""All stages of the starter, two steps each, packed into a folder that opens everywhere."""

import shutil
import tomllib
from dataclasses import astuple, replace

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open

from studio.engine.device import choose
from studio.engine.families.videoldm import family as videoldm
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.film import film
from studio.lab.drawing import pictures
from studio.lab.measures.clips import in_memory
from studio.lab.training import autoencoder, backbone, latents, packing, starter, temporal, text
from studio.lab.training.starter import Scale
from studio.library import models as library
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from studio.spec.spans import spans
from tests.engine.test_film import Memory
from tests.engine.tiny_video import model, request
from tests.engine.tiny_video import video as video_net

WIDTHS = (32, 32, 64)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The folder that two updates a stage lead to, and what was said on the way."""
    out, heard = tmp_path_factory.mktemp("starter ünï"), []
    tick = heard.append
    vae = autoencoder.train(5, 2, out / "autoencoder", pool=40, tick=tick)
    words, encoder = text.train(5, 2, out / "text", tick=tick)
    clips = latents.make(vae, 5, 2, out / "clips.safetensors", tick=tick)
    unet = backbone.fresh(5, WIDTHS)
    backbone.train(unet, words, encoder, clips, 5, 2, out / "image", tick=tick)
    net = temporal.fresh(unet, 5)
    layers = temporal.train(net, words, encoder, clips, 5, 2, out / "temporal", tick=tick)
    return packing.pack(out / "starter", vae, words, encoder, unet, layers), heard


def test_each_stage_speaks(packed):
    stages = dict.fromkeys(p.stage for p in packed[1])
    assert list(stages) == [
        "autoencoder",
        "text",
        "encoding clips",
        "image model",
        "temporal layers",
    ]


def test_latents_have_unit_deviation(packed):
    vae = videoldm.load_video(packed[0], model().card, choose("cpu")).backbone.vae
    data = pictures.pool(5, 40)
    deviation = autoencoder.latent_std(vae, torch.from_numpy(data)) * vae.config.scaling_factor
    assert deviation == pytest.approx(1.0, abs=0.02)


def test_the_studio_makes_a_clip_of_it(packed):
    video = videoldm.load_video(packed[0], model().card, choose("cpu"))
    asked, memory = request(width=64, height=64, keyframes=3), Memory()
    film(spans(asked), in_memory(video), memory, silent)
    assert memory[spans(asked)[1].key]["frames"].shape == (3, 64, 64, 3)
    assert video.taught == set(packing.TAUGHT)


def test_its_card_says_what_it_was_taught(packed):
    card = library.read(packed[0]).card
    assert (card.predicts, card.passes) == (True, 2)
    assert card.fps * 4**card.passes == 24


def test_stock_diffusers_makes_a_picture_of_it(packed):
    pipe = StableDiffusionPipeline.from_pretrained(packed[0], local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    assert pipe("a red ball", num_inference_steps=2, output_type="np").images.shape == (
        1,
        64,
        64,
        3,
    )


def test_all_in_half_precision(packed):
    for file in packed[0].rglob("*.safetensors"):
        with safe_open(file, "pt") as opened:
            kinds = {opened.get_tensor(k).dtype for k in opened.keys()}  # noqa: SIM118
        assert kinds == {torch.float16}


def test_the_card_is_the_starters(packed):
    card = tomllib.loads((packed[0] / "model.toml").read_text("utf-8"))
    assert card["family"]["id"] == "starter"
    assert all((packed[0] / path).is_file() for path in card["weights"].values())


@pytest.mark.long
def test_a_packed_model_goes_on_to_given_frames(packed, tmp_path):
    """The networks below the layers stay as they were; the guess and its way in are taught."""
    least = replace(Scale().times(1e-9), windows=4)
    made = starter.train(5, least, tmp_path, start=packed[0])
    for part in ("unet", "vae", "text_encoder"):
        file = next((made / part).glob("*.safetensors"))
        assert file.read_bytes() == (packed[0] / part / file.name).read_bytes()
    before, after = (
        TemporalLayers.load(folder / "temporal.safetensors", starter.opened(folder, 5).net.image)[0]
        for folder in (packed[0], made)
    )
    changed = {
        name.split(".")[0]
        for name, value in after.state_dict().items()
        if not torch.equal(value, before.state_dict()[name])
    }
    assert {"drift", "leads", "entries"} <= changed


def test_a_model_of_another_layout_is_refused(packed, tmp_path):
    other = shutil.copytree(packed[0], tmp_path / "other")
    video_net().temporal.save(other / "temporal.safetensors", "")
    with pytest.raises(Refusal, match="laid out"):
        starter.opened(other, 5)


def test_scale_multiplies_everything_and_leaves_enough():
    twice, least = Scale().times(2), Scale().times(1e-9)
    assert (twice.image, twice.clips) == (2 * Scale().image, 2 * Scale().clips)
    assert set(astuple(least)) == {2}


def test_autoencoder_batches():
    data = torch.from_numpy(pictures.pool(1, 4))
    rng = np.random.default_rng(1)
    crops = autoencoder.batch(data, rng, whole=False)
    assert crops.shape == (32, 3, 32, 32)
    assert autoencoder.batch(data, rng, whole=True).shape == (16, 3, 64, 64)
    assert -1 <= crops.min() < crops.max() <= 1
