"""Encoding: frames to latents, one by one by the image model's own encoder."""

import torch
from torch import Tensor

from studio.engine.backbone import Backbone
from studio.engine.diffusers_calls import config_of, encode_mean


@torch.no_grad()
def encode(backbone: Backbone, frames: Tensor) -> Tensor:
    """Frames uint8 (T, H, W, 3) → scaled latents (T, C, h, w), fp32 on the CPU; the mean, no draw."""
    vae = backbone.vae
    latents = []
    for frame in frames:
        x = frame.permute(2, 0, 1)[None].float() / 127.5 - 1
        mean = encode_mean(vae, x.to(vae.device, vae.dtype))
        latents.append(mean[0].float().cpu() * config_of(vae).scaling_factor)
    return torch.stack(latents)
