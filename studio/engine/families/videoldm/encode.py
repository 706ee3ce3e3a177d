"""Frames to latents, frame by frame: the encoder stays the image model's own."""

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.families.videoldm.backbone import Backbone


@torch.no_grad()
def encode(backbone: Backbone, frames: Tensor) -> Tensor:
    """Frames uint8 (T, H, W, 3) → scaled latents (T, C, h, w), fp32 on the CPU; the mean, no draw."""
    vae = backbone.vae
    latents = []
    for frame in frames:
        x = frame.permute(2, 0, 1)[None].float() / 127.5 - 1
        mean = vae.encode(x.to(vae.device, vae.dtype)).latent_dist.mean
        latents.append(mean[0].float().cpu() * vae.config.scaling_factor)
    return torch.stack(latents)


def filling(frames: Tensor, height: int, width: int) -> Tensor:
    """Frames uint8 (T, H, W, 3) resized to fill height × width, what sticks out cut off evenly."""
    scale = max(height / frames.shape[1], width / frames.shape[2])
    size = [
        max(least, round(side * scale))
        for side, least in zip(frames.shape[1:3], (height, width), strict=True)
    ]
    x = F.interpolate(frames.permute(0, 3, 1, 2).float(), size, mode="bicubic", antialias=True)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    x = x[..., top : top + height, left : left + width]
    return x.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
