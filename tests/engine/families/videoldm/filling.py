"""Clips to fill, and how."""

from dataclasses import replace

import torch

from studio.engine.roles import FillSpec

SHAPE = (4, 8, 8)


def spec(count: int, **changes) -> FillSpec:
    plain = FillSpec("keyframes", tuple(range(count)), seed=3, steps=2, guidance=1.0)
    return replace(plain, **changes)


def clip(frames: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(frames, *SHAPE, generator=torch.Generator().manual_seed(seed))
