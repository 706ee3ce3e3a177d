"""A whole model folder like the starter's, made in a second: its layout, tiny, random, seeded."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.lab.training import autoencoder, backbone, packing, temporal, text

STARTER = Path(__file__).resolve().parents[1] / "models" / "starter"
WIDTHS = (32, 32, 64)


PLAIN = {
    'native_fps = "1.5"': 'native_fps = "4"',
    "passes = 2\n": "",
    "predicts = true\n": "",
    "walked = [1.0, 0.4, 0.0, 0.0]\n": "",
}
"""What a model that makes keyframes only says of itself."""


def make(folder: Path, seed: int = 0, *, plain: bool = True) -> Path:
    """Write the model to `folder`, whose name is its id; weights depend on the seed alone.

    A `plain` one makes keyframes from words and nothing else, four a second.
    """
    with torch.random.fork_rng():
        words = text.tokenizer()
        unet = backbone.fresh(seed, WIDTHS)
        net = awake(temporal.fresh(unet, seed))
        parts = {
            "vae": AutoencoderKL(**autoencoder.CONFIG | {"block_out_channels": (8, 16, 16)}),
            "text_encoder": text.fresh(words, seed),
            "unet": unet,
        }
    folder.mkdir(parents=True)
    words.save_pretrained(folder / "tokenizer")
    for name, part in parts.items():
        part.half().save_pretrained(folder / name)
    backbone.scheduler().save_pretrained(folder / "scheduler")
    save_layers(net.temporal, folder, ("keyframes",) if plain else packing.TAUGHT)
    for file in ("words.toml", "grounds.png"):
        shutil.copy(STARTER / file, folder)
    subjects = (STARTER / "model.toml").read_text("utf-8").partition("[subjects]")
    card = 'words = "words.toml"\n\n' + "".join(subjects[1:]) + packing.CARD
    card = card.replace('id = "starter"', f'id = "{folder.name}"')
    for said, instead in PLAIN.items() if plain else ():
        card = card.replace(said, instead)
    (folder / "model.toml").write_text(card, "utf-8")
    return folder


def awake(net: VideoUNet) -> VideoUNet:
    """Untrained temporal layers change nothing; here they do, so that frames depend on them.

    Its frames share little of their noise: without training nothing else sets them apart.
    """
    net.temporal.config = replace(net.temporal.config, shared_noise=0.5)
    with torch.no_grad():
        for parameter in net.temporal.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.05)
    return net


def save_layers(
    layers: TemporalLayers, folder: Path, taught: tuple[str, ...] = ("keyframes",)
) -> None:
    """The temporal weights, with preview factors that show the first three latent channels."""
    factors = [[0.2 * (row == column) for column in range(3)] for row in range(4)] + [[0.5] * 3]
    notes = {"taught": json.dumps(taught), "preview_factors": json.dumps(factors)}
    layers.half().save(folder / "temporal.safetensors", "text_encoder", notes)
