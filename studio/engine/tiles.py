"""Overlapping tiles of large pictures, averaged where they overlap, so that no seam shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.spec.amounts import tiles_along


@dataclass(frozen=True, slots=True)
class Tiling:
    """Tiles of `side` by `side`, next to one another by at least `overlap`."""

    side: int
    overlap: int

    def times(self, factor: int) -> "Tiling":
        """The same tiles of a picture that is so many times larger."""
        return Tiling(self.side * factor, self.overlap * factor)

    def tiles(self, height: int, width: int) -> "list[Tile]":
        """Tiles that cover a picture, row by row; the grid depends on its size alone."""
        return [
            Tile(top, left, min(self.side, height), min(self.side, width))
            for top in self._starts(height)
            for left in self._starts(width)
        ]

    def around(self, height: int, width: int, y: float, x: float) -> "Tile":
        """The tile whose middle lies nearest to a place, 0..1 down and across."""

        def apart(tile: Tile) -> float:
            down, across = tile.top + tile.height / 2, tile.left + tile.width / 2
            return (down - y * height) ** 2 + (across - x * width) ** 2

        return min(self.tiles(height, width), key=apart)

    def _starts(self, length: int) -> Iterator[int]:
        count = tiles_along(length, self.side, self.overlap)
        for k in range(count):
            yield round(k * (length - self.side) / max(1, count - 1))


@dataclass(frozen=True, slots=True)
class Tile:
    """A window of a picture."""

    top: int
    left: int
    height: int
    width: int

    def of(self, picture: Tensor) -> Tensor:
        """The window of (..., H, W)."""
        return picture[..., self.top : self.top + self.height, self.left : self.left + self.width]

    def times(self, factor: int) -> "Tile":
        """The same window of a picture that is so many times larger."""
        return Tile(*(factor * v for v in (self.top, self.left, self.height, self.width)))

    def weights(self, overlap: int) -> Tensor:
        """The tile's weight at each of its cells, (height, width), 0..1: less towards its edges."""
        down, across = (_ramp(length, overlap) for length in (self.height, self.width))
        return down[:, None] * across


def _ramp(length: int, overlap: int) -> Tensor:
    steps = torch.arange(1, length + 1) / (overlap + 1)
    return torch.minimum(steps, steps.flip(0)).clamp(max=1)


def averaged(
    made: Callable[[Tile], Tensor], tiles: list[Tile], size: tuple[int, int], overlap: int
) -> Tensor:
    """`made` of every tile as one picture (..., H, W): Σ w·tile / Σ w at every cell (MultiDiffusion,
    Bar-Tal et al. 2023)."""
    whole, weight_sum = None, torch.zeros(size)
    for tile in tiles:
        part = made(tile)
        weight = tile.weights(overlap).to(part)
        if whole is None:
            whole = torch.zeros(*part.shape[:-2], *size, device=part.device, dtype=part.dtype)
            weight_sum = weight_sum.to(part)
        tile.of(whole).add_(part * weight)
        tile.of(weight_sum).add_(weight)
    if whole is None:
        raise ValueError("no tile covers anything")
    return whole.div_(weight_sum)
