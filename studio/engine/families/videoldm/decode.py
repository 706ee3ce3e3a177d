"""Decoding: latents to frames, one by one or by a decoder with temporal layers."""

import torch
from torch import Tensor

from studio.engine.backbone import Backbone
from studio.engine.diffusers_calls import config_of, decode_latents
from studio.engine.families.videoldm.decoder import DecoderLayers, VideoDecoder
from studio.spec.progress import Progress, Tick


@torch.no_grad()
def decode(
    backbone: Backbone, latents: Tensor, tick: Tick, layers: DecoderLayers | None = None
) -> Tensor:
    """Scaled latents (T, C, h, w) → frames uint8 (T, H, W, 3) on the CPU.

    With temporal `layers` all at once, as a clip; without them one by one.
    """
    vae = backbone.vae
    z = latents.to(vae.device, vae.dtype) / config_of(vae).scaling_factor
    frames = []
    for part in z.split(1) if layers is None else [z]:
        tick(Progress("decode", len(frames), len(z)))
        if layers is None:
            pictures = decode_latents(vae, part)
        else:
            pictures = VideoDecoder(vae, layers)(part, len(part))
        frames += pictures.float().cpu().permute(0, 2, 3, 1)
    tick(Progress("decode", len(z), len(z)))
    return torch.stack(frames).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
