"""Latent preview: latents to a small picture strip by one matrix."""

import torch
from torch import Tensor

from studio.spec.progress import Preview

CELLS = 16
"""Latent cells along each side of the picture that preview colours are fitted to."""
SD_COLOURS = torch.tensor(
    [
        [0.149, 0.104, 0.104],
        [0.094, 0.143, 0.063],
        [-0.079, 0.095, 0.132],
        [-0.092, -0.136, -0.237],
        [0.5, 0.5, 0.5],
    ]
)
"""Latents of Stable Diffusion 1.x and 2.x to red, green and blue in 0..1, the offset last."""


def latent_colours(latents: Tensor, factors: Tensor) -> Tensor:
    """latents (T, C, h, w), factors (C + 1, 3) with the offset in the last row → (T, h, w, 3) in
    0..1, on the CPU."""
    mixed = torch.einsum("tchw,cr->thwr", latents.float().cpu(), factors[:-1]) + factors[-1]
    return mixed.clamp(0, 1)


def latent_to_rgb(latents: Tensor, factors: Tensor) -> Preview:
    """The colours of latents (T, C, h, w) as a small strip."""
    rgb = latent_colours(latents, factors).mul(255).round().to(torch.uint8).contiguous()
    frames, height, width, _ = rgb.shape
    return Preview(frames, height, width, rgb.numpy().tobytes())


def coloured_cells() -> Tensor:
    """A picture (1, 3, 16, 16) in 0..1, of squares of 2 × 2 cells, to fit colours to."""
    generator = torch.Generator().manual_seed(0)
    colours = torch.rand(1, 3, CELLS // 2, CELLS // 2, generator=generator)
    return colours.repeat_interleave(2, 2).repeat_interleave(2, 3)


def fit_factors(latents: Tensor, pictures: Tensor) -> Tensor:
    """Least-squares factors (C + 1, 3): latents (N, C, h, w), pictures (N, 3, h, w) in 0..1."""
    cells = latents.permute(0, 2, 3, 1).flatten(0, 2)
    with_offset = torch.cat([cells, torch.ones(len(cells), 1)], 1)
    colours = pictures.permute(0, 2, 3, 1).flatten(0, 2)
    return torch.linalg.lstsq(with_offset, colours).solution
