"""The stages that follow once the starter makes keyframes from words, and the packed model.

windows of clips → initial estimate → conditioning → temporal decoder → upsampler
"""

from copy import deepcopy
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from studio.engine.device import choose
from studio.engine.families.videoldm.family import DECODER
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.lab.starter import around, clips, figures, footage, frames, given, packing
from studio.lab.starter.animation import Stage
from studio.lab.starter.recipe import Recipe
from studio.lab.training import decoder, upsampler
from studio.lab.training.packing import pack_upsampler

KIND = "pixel"
"""The upsampler makes the pixels' detail, not latents: at this size it is the better one."""


def train(recipe: Recipe) -> Path:
    """Every later stage that is not done; returns the folder of the packed model."""
    stage = recipe.stage()
    words, encoder = recipe.text()
    vae = recipe.autoencoder(stage)
    if not recipe.is_done("given"):
        fill(recipe, stage, vae, words, encoder)
    if not recipe.is_done("decoder"):
        decode(recipe, stage, vae)
    if not recipe.is_done("upsampler"):
        enlarge(recipe, vae)
    return pack(recipe, stage)


def pack(recipe: Recipe, stage: Stage | None = None) -> Path:
    """The model of the parts that are done, in `out/starter`."""
    return packing.pack(recipe.out / "parts", recipe.out / "starter", stage or recipe.stage())


def fill(recipe: Recipe, stage: Stage, vae: AutoencoderKL, words, encoder) -> VideoUNet:
    """Layers that predict and interpolate, from those that make keyframes."""
    scale, runs, seed = recipe.scale, recipe.out / "runs", recipe.seed
    portion = 8 * clips.PORTION if recipe.is_card else clips.PORTION
    sets = given.windows(
        stage,
        vae,
        words,
        encoder,
        seed,
        scale.windows,
        portion=portion,
        folder=recipe.drawn,
        tick=recipe.tick,
    )
    unet = recipe.opened(UNet2DConditionModel, "unet", torch_dtype=torch.float32)
    net = recipe.with_layers(unet, "guess" if recipe.is_done("guess") else "temporal")
    how = {"seconds": None, "tick": recipe.tick}
    if not recipe.is_done("guess"):
        folder = runs / "guess"
        around.train_estimate(net, sets, seed, scale.guess, scale.given_batch, folder, **how)
        recipe.pack_layers("guess", net)
        net = recipe.with_layers(unet, "guess")
    folder = runs / "given"
    around.train(net, sets, seed, scale.given, scale.given_batch, folder, **how)
    recipe.pack_layers("given", net)
    return net


def decode(recipe: Recipe, stage: Stage, vae: AutoencoderKL) -> None:
    """Layers over time for the autoencoder's decoder."""
    scale, folder = recipe.scale, recipe.out / "runs" / "decoder"
    shown = footage.footage(stage, recipe.seed, scale.footage, tick=recipe.tick)
    layers = decoder.train(vae, shown, recipe.seed, scale.decoder, folder, tick=recipe.tick)
    draft = recipe.draft("decoder")
    draft.mkdir(parents=True)
    deepcopy(layers).half().save(draft / DECODER)
    draft.rename(recipe.part("decoder"))


def enlarge(recipe: Recipe, vae: AutoencoderKL) -> None:
    """An upsampler of pixels, four times as large."""
    scale, folder = recipe.scale, recipe.out / "runs" / "upsampler"
    cast = figures.pool(recipe.seed, min(2000, scale.cast))
    large = frames.large_stage(cast, max(1, scale.grounds // 8), recipe.seed, recipe.device)
    shown = frames.pairs(large, vae, recipe.seed, scale.pairs, tick=recipe.tick)
    steps = (scale.upsampler, scale.upsampler_over_time)
    device = choose(recipe.device)
    net = upsampler.train(KIND, shown, recipe.seed, steps, folder, device=device, tick=recipe.tick)
    draft = pack_upsampler(recipe.draft("upsampler"), net)
    draft.rename(recipe.part("upsampler"))
