"""Latents to frames, frame by frame: the image decoder knows nothing of time."""

import torch
from torch import Tensor

from studio.engine.backbone import Backbone
from studio.spec.progress import Progress, Tick


@torch.no_grad()
def decode(backbone: Backbone, latents: Tensor, tick: Tick) -> Tensor:
    """Scaled latents (T, C, h, w) → frames uint8 (T, H, W, 3) on the CPU; one tick a frame."""
    device = backbone.device
    frames = []
    for done, latent in enumerate(latents):
        tick(Progress("decode", done, len(latents)))
        z = latent[None].to(device.name, device.dtype) / backbone.vae.config.scaling_factor
        picture = backbone.vae.decode(z).sample[0].float().cpu()
        frames.append(picture.permute(1, 2, 0))
    tick(Progress("decode", len(latents), len(latents)))
    return torch.stack(frames).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
