"""Frames made larger one by one, in tiles that overlap."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from studio.engine.roles import UpscaleSpec
from studio.engine.tiles import Tile, averaged
from studio.spec.progress import Progress, Tick

STAGE = "upsample"


@dataclass(frozen=True, slots=True)
class PictureUpscaler:
    """The role "upscaler" by a network that sees one picture; `descriptor` is spandrel's, which pads
    what a network cannot read as it is, and computes on `place`."""

    net: nn.Module
    descriptor: Any
    place: str
    context: int = 0

    @property
    def factor(self) -> int:
        return self.descriptor.scale

    @torch.no_grad()
    def upscale(
        self, frames: Tensor, spec: UpscaleSpec, tick: Tick, *, only: Tile | None = None
    ) -> Tensor:
        """See `studio.engine.roles.Upscaler`; of `spec` the tiles alone matter."""
        window = only or Tile(0, 0, *frames.shape[1:3])
        tiles = spec.tiling.tiles(window.height, window.width)
        size = (self.factor * window.height, self.factor * window.width)
        parts = {tile.times(self.factor): tile for tile in tiles}
        made, done, total = [], 0, len(frames) * len(tiles)
        tick(Progress(STAGE, done, total))
        for frame in frames:
            picture = window.of(frame.permute(2, 0, 1)).float() / 255

            def enlarged(larger: Tile, picture: Tensor = picture) -> Tensor:
                nonlocal done
                done += 1
                found = self._enlarged(parts[larger].of(picture))
                tick(Progress(STAGE, done, total))
                return found

            overlap = spec.tiling.overlap * self.factor
            made.append(_bytes(averaged(enlarged, list(parts), size, overlap)))
        return torch.stack(made)

    def _enlarged(self, picture: Tensor) -> Tensor:
        """(3, h, w) in 0..1 → (3, factor·h, factor·w), fp32 on the CPU."""
        given = picture[None].contiguous().to(self.place, next(self.net.parameters()).dtype)
        return _called(self.descriptor)(self.descriptor, given)[0].float().cpu()


def _called(descriptor: Any) -> Any:
    """Its call without the inference mode around it, whose tensors take no weights that are streamed
    to them and which counts nothing."""
    call = type(descriptor).__call__
    return getattr(call, "__wrapped__", call)


def _bytes(picture: Tensor) -> Tensor:
    """(3, H, W) in 0..1 → uint8 (H, W, 3)."""
    return picture.permute(1, 2, 0).mul(255).round().clamp(0, 255).to(torch.uint8)
