"""Dead leaves: opaque discs and boxes of all sizes dropped on one another, on any device.

Radii follow a power law, which gives a picture the scale invariance and the sharp occlusion edges of
photographs (Lee, Mumford, Huang 2001).  No photograph is ever used.
"""

import torch
from torch import Tensor

from studio.lab.starter.places import soft_noise

SMALLEST, LARGEST = 0.02, 0.5
"""Radii in sides of the picture."""


def leaves(count: int, size: int, generator: torch.Generator, *, drops: int = 70) -> Tensor:
    """Pictures (count, 3, size, size) in 0..1."""
    pictures = _coloured_noise(count, size, generator)
    at = (torch.arange(size, device=generator.device) + 0.5) / size
    radii = (
        SMALLEST**-2 + _uniform((count, drops), generator) * (LARGEST**-2 - SMALLEST**-2)
    ) ** -0.5
    radii = radii.sort(1, descending=True).values
    for k in range(drops):
        radius = radii[:, k, None, None]
        u, v = _turned(at, count, generator)
        v = v * (0.5 + 1.1 * _uniform((count, 1, 1), generator))
        boxed = _uniform((count, 1, 1), generator) < 0.4
        reach = torch.where(boxed, torch.maximum(u.abs(), v.abs()), torch.hypot(u, v))
        cover = (0.5 + (radius - reach) * size).clamp(0, 1)[:, None]
        slope = 0.1 * torch.randn(2, count, 1, 1, generator=generator, device=at.device)
        shade = 1 + ((slope[0] * u + slope[1] * v) / radius).clamp(-3, 3)[:, None]
        pictures = pictures.lerp((_colour(count, generator) * shade).clamp(0, 1), cover)
    grain = soft_noise(count, size, 0.8, size, generator)[:, None]
    return (pictures + grain * 0.05 * _uniform((count, 1, 1, 1), generator)).clamp(0, 1)


def _turned(at: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Coordinates around a random place, turned at random: two of (count, S, S)."""
    cx, cy = (1.2 * _uniform((count, 1, 1), generator) - 0.1 for _ in range(2))
    turn = torch.pi * _uniform((count, 1, 1), generator)
    x, y = at[None, None, :] - cx, at[None, :, None] - cy
    return x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin()


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device)


def _colour(count: int, generator: torch.Generator) -> Tensor:
    """Mostly muted, at times vivid (count, 3, 1, 1)."""
    value = _uniform((count, 1, 1, 1), generator)
    spread = _uniform((count, 1, 1, 1), generator) ** 3
    return (value + spread * (2 * _uniform((count, 3, 1, 1), generator) - 1)).clamp(0, 1)


def _coloured_noise(count: int, size: int, generator: torch.Generator) -> Tensor:
    field = soft_noise(3 * count, size, 1.6, size, generator).view(count, 3, size, size)
    mean = field.mean(1, keepdim=True)
    contrast = 0.05 + 0.17 * _uniform((count, 1, 1, 1), generator)
    return (_colour(count, generator) + contrast * (0.5 * field + mean)).clamp(0, 1)
