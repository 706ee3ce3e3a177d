"""Stable Video Diffusion from its folder: a first frame animated as the stock pipeline does it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import StableVideoDiffusionPipeline
from PIL import Image
from transformers import CLIPImageProcessor

from studio.engine.device import Device
from studio.engine.noise import clip_noise
from studio.engine.roles import FillSpec, Words
from studio.library import models as library
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests.engine.families.svd.tiny import FRAMES, SPEC, make
from tests.engine.families.wan.tiny import clip
from tests.offline import no_network  # noqa: F401
from tests.opened import opened

FIRST = (True, False, False)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make(folder / "svd")
    make(folder / "svd-xt", 25)
    return folder


def animated(filler, given, spec: FillSpec = SPEC, known=FIRST) -> torch.Tensor:
    with filler.prompt(Words("a red ball"), None) as prompt:
        return filler.fill(given, known, prompt, spec, silent)


@pytest.mark.parametrize(("name", "frames"), [("svd", 14), ("svd-xt", 25)])
def test_its_card(models, name, frames):
    card = library.find(name, [models]).card
    assert (card.family, card.window.most, card.roles) == ("svd", frames, ("codec", "holes"))
    assert card.notice.endswith("reads no words.")


def test_a_first_frame_as_in_the_stock_pipeline(models):
    """From the same noise, that on the first frame too."""
    filler, given = opened(models, "svd", "holes"), clip(FRAMES, 64)
    spec = replace(SPEC, options=(("noise", 0.0),))
    pipeline = StableVideoDiffusionPipeline(
        filler.codec.vae, filler.image_encoder, filler.unet, filler.scheduler,
        CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    from diffusers.pipelines.stable_video_diffusion import pipeline_stable_video_diffusion as module

    own, resize = module._resize_with_antialiasing, (28, 28)
    module._resize_with_antialiasing = lambda image, _: own(image, resize)  # tiny CLIP sees less
    try:
        expected = pipeline(
            Image.fromarray(given[0].numpy()), 64, 64, FRAMES, 2, noise_aug_strength=0.0,
            latents=clip_noise(7, "holes", spec.frames, (4, 8, 8), purpose="start")[None],
            output_type="latent",
        ).frames[0]  # fmt: skip
    finally:
        module._resize_with_antialiasing = own
    torch.testing.assert_close(filler.latents(given, spec, silent), expected, atol=1e-3, rtol=1e-3)


def test_the_first_frame_comes_back_and_moves_the_others(models):
    filler, given = opened(models, "svd", "holes"), clip(FRAMES, 64)
    made = animated(filler, given)
    assert torch.equal(made[0], given[0])
    other = animated(filler, 255 - given)
    assert (made[1:] != other[1:]).any()
    more = animated(filler, given, replace(SPEC, options=(("motion_bucket", 10.0),)))
    assert (made[1:] != more[1:]).any()
    half = opened(models, "svd", "holes", Device("cpu", torch.float16))
    assert half.unet.dtype == torch.float16
    assert animated(half, given).float().sub(made.float()).abs().mean() < 8


@pytest.mark.parametrize("known", [(False, False, True), (True, False, True), (False,) * 3])
def test_what_it_would_ignore_is_refused(models, known):
    with pytest.raises(Refusal, match="animates a first frame; it would ignore any other"):
        animated(opened(models, "svd", "holes"), clip(FRAMES, 64), known=known)


def test_too_many_frames_and_strange_options_are_refused(models):
    filler = opened(models, "svd", "holes")
    assert "at most 14 frames" in filler.refuses((True, *(False,) * 14))
    with pytest.raises(Refusal, match="no such options: speed"):
        animated(filler, clip(FRAMES, 64), replace(SPEC, options=(("speed", 1.0),)))
