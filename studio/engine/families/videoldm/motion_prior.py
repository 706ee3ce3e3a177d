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
    """

    def __init__(self, embedding: int, width: int, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.said = nn.Linear(embedding, width)
        self.offsets = nn.Parameter(torch.randn(2 * reach + 1, width))
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        self.place = nn.Linear(4 * len(PLACE_WAVES), width)

    def forward(self, embedding: Tensor, positions: Tensor, size: tuple[int, int]) -> Tensor:
        """embedding (B T, E) of text and noise level, positions (B, T) → (B T, width, h, w)."""
        when = 1 + self.when(positions).flatten(0, 1).to(embedding.dtype)
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


def place_waves(size: tuple[int, int], like: Tensor) -> Tensor:
    """Sines and cosines (N, 12) of where each of height × width cells lies, row by row."""
    axes = [(torch.arange(n, device=like.device) + 0.5) / n * 2 - 1 for n in size]
    spots = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).flatten(0, 1)
    turns = torch.tensor(PLACE_WAVES, device=like.device) * torch.pi / 2
    angle = (spots[..., None] * turns).flatten(1)
    return torch.cat([angle.sin(), angle.cos()], 1).to(like.dtype)
