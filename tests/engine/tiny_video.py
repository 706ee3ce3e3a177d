"""Tiny video networks in the block layouts that Stable Diffusion models come in."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel

from studio.engine.device import set_attention
from studio.engine.families.videoldm.parts import upscaler_parts, video_parts
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.upsampler import Upsampler
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.film import Models, loaded
from studio.spec.request import ClipRequest
from studio.spec.span import NOBODY
from tests.cards import card
from tests.engine.tiny_backbone import tiny
from tests.tiny_starter import awake

WIDTHS = {1: (32,), 3: (32, 32, 64), 4: (32, 32, 64, 64)}
TEXT = 32
PATTERNS = frozenset(("keyframes", "prediction", "interpolation"))


def image(
    levels: int = 3, layers: int = 1, *, linear: bool = False, seed: int = 0, **more
) -> UNet2DConditionModel:
    """As in SD: attention at every level but the last, in front of it down, behind it up."""
    torch.manual_seed(seed)
    crossed = max(1, levels - 1)
    plain = levels - crossed
    config = {
        "sample_size": 8,
        "block_out_channels": WIDTHS[levels],
        "layers_per_block": layers,
        "down_block_types": ("CrossAttnDownBlock2D",) * crossed + ("DownBlock2D",) * plain,
        "up_block_types": ("UpBlock2D",) * plain + ("CrossAttnUpBlock2D",) * crossed,
        "cross_attention_dim": TEXT,
        "attention_head_dim": 2,
        "use_linear_projection": linear,
    }
    return UNet2DConditionModel(**config | more).eval().requires_grad_(False)


def video(base: UNet2DConditionModel | None = None, *, fresh: bool = False, **config) -> VideoUNet:
    """A video network; unless `fresh`, its temporal layers say something."""
    base = base or image()
    torch.manual_seed(1)
    net = VideoUNet(base, TemporalLayers(base, TemporalConfig(**config))).eval()
    return net if fresh else awake(net)


def given(frames: int = 3, batch: int = 1, size: tuple[int, int] = (8, 8)) -> dict:
    """Arguments of a call: latents, timestep, text, and text for the temporal layers."""
    generator = torch.Generator().manual_seed(7)
    return {
        "latents": torch.randn(batch * frames, 4, *size, generator=generator),
        "timestep": torch.tensor(321),
        "text": torch.randn(batch, 5, TEXT, generator=generator),
        "time_text": torch.randn(batch, 4, TEXT, generator=generator),
        "frames": frames,
    }


def model(taught: frozenset[str] = PATTERNS, *, fresh: bool = False) -> VideoModel:
    """A whole model of the studio's own family: 32×32 pixels, latents 4×8×8, up to 12 frames."""
    backbone = tiny()
    backbone.unet.requires_grad_(False)
    net = video(backbone.unet, fresh=fresh, condition_width=8).requires_grad_(False)
    set_attention(net, backbone.device)
    tiny_card = card(frames=(8, 12), side=32, largest=64, steps=4, guidance=2.0)
    factors = torch.cat([torch.eye(4, 3) / 5, torch.full((1, 3), 0.5)])
    return VideoModel(tiny_card, backbone, net, taught, factors)


def request(**changes) -> ClipRequest:
    """Ten keyframes in two steps: one span of keyframes, two of frames."""
    weights = (("image", "i"), ("temporal", "t"), ("autoencoder", "a"), ("text", "x"))
    plain = ClipRequest("a ball", 7, "tiny", weights, 32, 32, 10, Fraction(4), 2, 2.0)
    return replace(plain, **changes)


def in_memory(
    video: VideoModel,
    adapter: Path | None = None,
    pictures: Callable[[str], np.ndarray] | None = None,
    upsampler: Upsampler | None = None,
) -> Models:
    """What the walk makes clips with, all of it loaded already."""
    parts = {**video_parts(video), **(upscaler_parts(upsampler) if upsampler else {})}
    brought = {} if pictures is None else {"pictures": pictures}
    return Models(loaded(parts), lambda: adapter, **brought)


def video_of(models: Models) -> VideoModel:
    """The video model among `in_memory` ones."""
    return models.load(NOBODY, "keyframes").model
