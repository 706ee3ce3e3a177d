"""Tiny upsamplers of real parts: one on latents, as the public one is, and one on pixels."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from studio.engine.device import choose
from studio.engine.families.videoldm import upsampler
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.upsampler import Upsampler
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.lab.training import upsampler as training
from tests.tiny_card import beside
from tests.tiny_starter import awake


def tiny(kind: str, seed: int = 0) -> Upsampler:
    """An upsampler whose layers over time say something."""
    torch.manual_seed(seed)
    channels = 4 if kind == "latent" else 3
    unet = UNet2DConditionModel(
        in_channels=channels + 3,
        out_channels=channels,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D",) * 2,
        up_block_types=("UpBlock2D",) * 2,
        mid_block_type="UNetMidBlock2D",
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=8,
        num_class_embeds=1000,
    )
    layers = TemporalLayers(unet, TemporalConfig(norm_groups=4, attends=False))
    net = awake(VideoUNet(unet, layers)).eval().requires_grad_(False)
    vae = None
    if kind == "latent":
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
            block_out_channels=(8, 8, 8),
            layers_per_block=1,
            norm_num_groups=4,
            mid_block_add_attention=False,
        )
        vae.eval().requires_grad_(False)
    return Upsampler(net, training.scheduler(), training.low_scheduler(), choose("cpu"), vae)


def save(model: Upsampler, folder: Path) -> Path:
    """The folder that `studio.engine.families.videoldm.upsampler.load` opens."""
    model.net.image.save_pretrained(folder / "unet")
    model.scheduler.save_pretrained(folder / "scheduler")
    model.low_scheduler.save_pretrained(folder / "low_res_scheduler")
    model.net.temporal.save(folder / "temporal.safetensors", "")
    if model.vae is not None:
        model.vae.save_pretrained(folder / "vae")
    return folder


def give(folder: Path, kind: str = "pixel") -> Path:
    """Put an upsampler into a tiny starter's folder, and into its card."""
    save(tiny(kind), folder / upsampler.FOLDER)
    card = (folder / "model.toml").read_text("utf-8")
    said = beside(folder)
    said = said.replace("steps = 2", "steps = 1").replace("tile = 24", "tile = 40")
    said = said.replace("overlap = 4", "overlap = 16")
    (folder / "model.toml").write_text(card + said, "utf-8")
    return folder
