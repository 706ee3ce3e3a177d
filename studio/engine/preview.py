"""Latents to a small picture strip by one matrix, nearly for free."""

import torch
from torch import Tensor

from studio.spec.progress import Preview


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


def fit_factors(latents: Tensor, pictures: Tensor) -> Tensor:
    """Least-squares factors (C + 1, 3): latents (N, C, h, w), pictures (N, 3, h, w) in 0..1."""
    cells = latents.permute(0, 2, 3, 1).flatten(0, 2)
    with_offset = torch.cat([cells, torch.ones(len(cells), 1)], 1)
    colours = pictures.permute(0, 2, 3, 1).flatten(0, 2)
    return torch.linalg.lstsq(with_offset, colours).solution
