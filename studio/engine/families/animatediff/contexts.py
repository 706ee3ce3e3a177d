"""Clips longer than a motion module reaches: overlapping windows ("contexts") at every step.

MultiDiffusion along time (Bar-Tal et al. 2023): each context is denoised by itself, and where
contexts overlap their predictions are averaged with weights that fall towards a context's ends.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Contexts:
    """Windows of `length` frames that share `overlap` frames with the next, 0 ≤ overlap < length."""

    length: int
    overlap: int

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.length:
            raise ValueError(f"contexts of {self.length} cannot share {self.overlap} frames")

    def of(self, frames: int) -> list[range]:
        """The contexts of a clip: from its first frame on at even steps, the last one moved back so
        that it ends with the clip."""
        last = max(0, frames - self.length)
        step = self.length - self.overlap
        starts = [*range(0, last, step), last]
        return [range(start, min(start + self.length, frames)) for start in starts]

    def mixed(self, frames: int, predict: Callable[[range], Tensor]) -> Tensor:
        """What `predict` says of each context, (n, ...), as one clip (T, ...)."""
        contexts = self.of(frames)
        if len(contexts) == 1:
            return predict(contexts[0])
        total = weight_sum = torch.zeros(())
        for context in contexts:
            part = predict(context)
            weights = torch.zeros(frames, *(1,) * (part.ndim - 1), device=part.device)
            weights[context.start : context.stop] = self._weights(len(context), part)
            placed = part.new_zeros(frames, *part.shape[1:])
            placed[context.start : context.stop] = part
            total, weight_sum = total + placed * weights, weight_sum + weights
        return total / weight_sum

    def _weights(self, length: int, like: Tensor) -> Tensor:
        rising = torch.arange(1, length + 1, device=like.device) / (self.overlap + 1)
        ramp = torch.minimum(rising, rising.flip(0)).clamp(max=1)
        return ramp.reshape(-1, *(1,) * (like.ndim - 1))
