"""The role "codec" by diffusers' autoencoders of images, or by one whose decoder sees time."""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import AutoencoderKLTemporalDecoder
from torch import Tensor

from studio.engine.preview import coloured_cells, fit_factors
from studio.spec.grid import Grid
from studio.spec.progress import Progress, Tick

CONTEXT = 4
"""Latents on either side of a chunk that a decoder which sees time also decodes.  It reaches farther,
with little effect; diffusers' own pipeline decodes chunks without any."""


@dataclass(frozen=True, slots=True)
class AutoencoderCodec:
    """`AutoencoderKL`, `AutoencoderTiny` (TAESD) or `AutoencoderKLTemporalDecoder` (Stable Video
    Diffusion); latents are as the diffusion network sees them."""

    vae: Any

    @property
    def sees_time(self) -> bool:
        return isinstance(self.vae, AutoencoderKLTemporalDecoder)

    @property
    def context(self) -> int:
        return CONTEXT if self.sees_time else 0

    @property
    def grid(self) -> Grid:
        """Each level but the first halves a side."""
        return Grid(2 ** (len(self.vae.config.block_out_channels) - 1))

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """Frames uint8 (T, H, W, 3) → latents (T, C, h, w), fp32 on the CPU; the mean, no draw."""
        self.grid.cells(frames.shape[2], frames.shape[1])
        pixels = frames.permute(0, 3, 1, 2).float() / 127.5 - 1
        return torch.cat([self._encoded(part) for part in pixels.split(1)])

    def _encoded(self, pixels: Tensor) -> Tensor:
        made = self.vae.encode(pixels.to(self.vae.device, self.vae.dtype))
        latents = made.latents if hasattr(made, "latents") else made.latent_dist.mean
        return latents.float().cpu() * self.vae.config.scaling_factor

    @torch.no_grad()
    def decode(self, latents: Tensor, tick: Tick) -> Tensor:
        """Latents (T, C, h, w) → frames uint8 (T, H, W, 3): one by one, or a chunk that sees time
        at once."""
        z = latents.to(self.vae.device, self.vae.dtype) / self.vae.config.scaling_factor
        frames: list[Tensor] = []
        for part in [z] if self.sees_time else z.split(1):
            tick(Progress("decode", len(frames), len(z)))
            time = {"num_frames": len(part)} if self.sees_time else {}
            frames += self.vae.decode(part, **time).sample.float().cpu().permute(0, 2, 3, 1)
        tick(Progress("decode", len(z), len(z)))
        return torch.stack(frames).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


def preview_factors(codec: AutoencoderCodec) -> Tensor:
    """Factors (C + 1, 3) from latents to colours, fitted to a picture of coloured squares."""
    cells = coloured_cells()
    pixels = cells.repeat_interleave(codec.grid.spatial, 2).repeat_interleave(codec.grid.spatial, 3)
    frames = pixels.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1)
    return fit_factors(codec.encode(frames), cells)
