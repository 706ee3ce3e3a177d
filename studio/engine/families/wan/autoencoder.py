"""Wan's causal video autoencoder: four frames to a latent, the first frame alone.

It is strictly causal, so that latents without those before them mean something else: a window is
encoded and decoded whole, in fp32.  Where memory is short it is decoded in tiles, each for the whole
window, which wait on the processor: at 121 frames of 1280 × 704 they are more than a card's share.
"""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from studio.engine.preview import coloured_cells, fit_factors
from studio.engine.tiles import Tile, Tiling, averaged
from studio.spec.grid import Grid


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """Pixels in −1..1 and latents as the diffusion network sees them: of mean 0 and deviation 1."""

    vae: AutoencoderKLWan

    @property
    def grid(self) -> Grid:
        config: Any = self.vae.config
        return Grid(config.scale_factor_spatial, config.scale_factor_temporal)

    @property
    def channels(self) -> int:
        config: Any = self.vae.config
        return config.z_dim

    @torch.no_grad()
    def encode(self, pixels: Tensor) -> Tensor:
        """Pixels (T, 3, H, W) → latents (1, C, t, h, w), fp32 where the network is; the mean."""
        x = pixels.transpose(0, 1)[None].to(self.vae.device, self.vae.dtype)
        latents: Any = self.vae.encode(x)
        mean, deviation = self._statistics()
        return (latents.latent_dist.mode().float() - mean) * (1 / deviation)

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Latents (1, C, t, h, w) → frames uint8 (T, H, W, 3) on the CPU."""
        mean, deviation = self._statistics()
        z = (latents.to(mean.device) / (1 / deviation) + mean).to(self.vae.dtype)
        frames = self._pixels(z).permute(1, 2, 3, 0)
        return frames.add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)

    def _pixels(self, z: Tensor) -> Tensor:
        """Latents as the network has them → pixels (3, T, H, W), fp32 on the CPU."""
        size, side = z.shape[-2:], self.grid.spatial
        tiling = self._tiling(side)
        if not self.vae.use_tiling or max(size) <= tiling.side:
            return self._decoded(z)
        cells: dict[Tile, Tile] = {tile.times(side): tile for tile in tiling.tiles(*size)}
        whole = (size[0] * side, size[1] * side)
        overlap = tiling.times(side).overlap
        return averaged(lambda tile: self._decoded(cells[tile].of(z)), list(cells), whole, overlap)

    def _decoded(self, z: Tensor) -> Tensor:
        pixels: Any = self.vae.decode(z)
        return pixels.sample[0].float().cpu()

    def _tiling(self, side: int) -> Tiling:
        """As large as the network's own tiles, in cells of `side` pixels."""
        least, step = self.vae.tile_sample_min_height, int(self.vae.tile_sample_stride_height)
        return Tiling(least // side, (least - step) // side)

    def _statistics(self) -> tuple[Tensor, Tensor]:
        config: Any = self.vae.config
        place = self.vae.device
        mean, deviation = (
            torch.tensor(values, device=place).reshape(1, -1, 1, 1, 1)
            for values in (config.latents_mean, config.latents_std)
        )
        return mean, deviation

    def preview_factors(self) -> Tensor:
        """Factors (C + 1, 3) from latents to colours, fitted to a picture of coloured squares."""
        cells = coloured_cells()
        side = self.grid.spatial
        pixels = cells.repeat_interleave(side, 2).repeat_interleave(side, 3)
        latents = self.encode(2 * pixels - 1)
        return fit_factors(latents[0].transpose(0, 1).cpu(), cells)


def to_pixels(frames: Tensor) -> Tensor:
    """Frames uint8 (T, H, W, 3) → pixels (T, 3, H, W) in −1..1."""
    return frames.permute(0, 3, 1, 2).float() / 127.5 - 1
