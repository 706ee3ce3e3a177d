"""Motion prior: features of every frame and place from the text alone, without a pixel."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PLACE_WAVES = (0.5, 1.0, 2.0)
"""Half periods of the sinusoids that encode a place, from one edge of the picture to the other."""


class MotionPrior(nn.Module):
    """Features of where things are likely to be, a product of text, frame and place.

    A direction is the product of these three, and nothing else determines it while a clip is still
    noise; beside the noisy latents they would drown in the layers' norms.  A frame is known by its
    distances to the others within `reach`, so that only differences of positions matter.
    """

    def __init__(self, embedding: int, width: int, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.embedding_proj = nn.Linear(embedding, width)
        self.offsets = nn.Parameter(torch.randn(2 * reach + 1, width))
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        self.place = nn.Linear(4 * len(PLACE_WAVES), width)

    def forward(self, embedding: Tensor, positions: Tensor, size: tuple[int, int]) -> Tensor:
        """embedding (B T, E) of text and noise level, positions (B, T) → (B T, width, h, w)."""
        frame = 1 + self.frame_features(positions).flatten(0, 1).to(embedding.dtype)
        h = self.embedding_proj(F.silu(embedding)) * frame
        h = self.second(F.silu(self.first(F.silu(h))))
        place = self.place(place_waves(size, h))  # N width
        return (h[..., None] * place.T).unflatten(-1, size)

    def frame_features(self, positions: Tensor) -> Tensor:
        """positions (B, T) → (B, T, width): mean learned value of the distances to frames in reach."""
        apart = positions[:, None] - positions[:, :, None]
        in_reach = (apart.abs() <= self.reach)[..., None]
        values = self.offsets[(apart + self.reach).clamp(0, 2 * self.reach)]
        return (values * in_reach).sum(2) / in_reach.sum(2)


def place_waves(size: tuple[int, int], like: Tensor) -> Tensor:
    """Sinusoidal encoding (N, 12) of the position of each of height × width cells, row by row."""
    axes = [(torch.arange(n, device=like.device) + 0.5) / n * 2 - 1 for n in size]
    centres = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).flatten(0, 1)
    turns = torch.tensor(PLACE_WAVES, device=like.device) * torch.pi / 2
    angle = (centres[..., None] * turns).flatten(1)
    return torch.cat([angle.sin(), angle.cos()], 1).to(like.dtype)
