"""What the words alone say of a motion: features of every frame and place, without a pixel."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PLACE_WAVES = (0.5, 1.0, 2.0)
"""Half turns of the waves that tell a place, from one edge of the picture to the other."""


class MotionPrior(nn.Module):
    """Where things are likely to be, from the words, the frame and the place together.

    A direction is the product of these three, and nothing else tells it while a clip is still
    noise; beside the noisy latents they would drown in the layers' norms.  The frame is known by
    how far the others within `reach` stand from it, so that only differences of positions matter.
    Where frames are given it is known by its distance from the nearest of them (`leads`): a thing
    is then where it was, and as far along as the words and that distance say.
    """

    def __init__(self, embedding: int, width: int, reach: int, *, leads: bool = False) -> None:
        super().__init__()
        self.reach = reach
        self.since = nn.Parameter(torch.randn(2 * reach + 1, width)) if leads else None
        self.said = nn.Linear(embedding, width)
        self.offsets = nn.Parameter(torch.randn(2 * reach + 1, width))
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        self.place = nn.Linear(4 * len(PLACE_WAVES), width)

    def forward(
        self,
        embedding: Tensor,
        positions: Tensor,
        size: tuple[int, int],
        known: Tensor | None = None,
    ) -> Tensor:
        """embedding (B T, E) of text and noise level, positions (B, T) and, where frames are given,
        which (B, T) → (B T, width, h, w)."""
        when = self.when(positions) if known is None else self.after(positions, known)
        when = 1 + when.flatten(0, 1).to(embedding.dtype)
        h = self.said(F.silu(embedding)) * when
        h = self.second(F.silu(self.first(F.silu(h))))
        there = self.place(place_waves(size, h))  # N width
        return (h[..., None] * there.T).unflatten(-1, size)

    def when(self, positions: Tensor) -> Tensor:
        """positions (B, T) → (B, T, width): the mean value of the distances to frames in reach."""
        apart = positions[:, None] - positions[:, :, None]
        seen = (apart.abs() <= self.reach)[..., None]
        values = self.offsets[(apart + self.reach).clamp(0, 2 * self.reach)]
        return (values * seen).sum(2) / seen.sum(2)

    def after(self, positions: Tensor, known: Tensor) -> Tensor:
        """positions, known (B, T) → (B, T, width): the value of the distance from the nearest known
        frame, the earlier of two."""
        assert self.since is not None
        apart = positions[:, :, None] - positions[:, None]
        far = apart.abs().masked_fill(~known[:, None], torch.iinfo(apart.dtype).max)
        nearest = apart.gather(2, far.argmin(2, keepdim=True))[..., 0]
        return self.since[(nearest + self.reach).clamp(0, 2 * self.reach)]


def place_waves(size: tuple[int, int], like: Tensor) -> Tensor:
    """Sines and cosines (N, 12) of where each of height × width cells lies, row by row."""
    axes = [(torch.arange(n, device=like.device) + 0.5) / n * 2 - 1 for n in size]
    spots = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).flatten(0, 1)
    turns = torch.tensor(PLACE_WAVES, device=like.device) * torch.pi / 2
    angle = (spots[..., None] * turns).flatten(1)
    return torch.cat([angle.sin(), angle.cos()], 1).to(like.dtype)
