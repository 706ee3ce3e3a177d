"""Where things go from a given frame, as the words have it: the frame itself, moved along.

A hole beside a given frame shows the same thing farther on.  Which way and how far is the product
of the words and of the distance in time; to find that product among noisy latents takes layers
over time very long, and to move a thing by it across half a picture takes many of them.  Here both
are explicit, in the spirit of motion-compensated prediction: a shift and a zoom for each keyframe's
time, learned from the words by the loss of the whole network.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MOST = 0.5
"""Half pictures that anything drifts in a keyframe's time at most, and e-foldings that it grows."""


class Drift(nn.Module):
    """A given frame moved to where its things are in a hole; nearly where it is when fresh."""

    def __init__(self, embedding: int, width: int) -> None:
        super().__init__()
        self.said = nn.Linear(embedding, width)
        self.way = nn.Linear(width, 3)
        nn.init.normal_(self.way.weight, std=0.02)  # not zero: the layers it enters by are
        nn.init.zeros_(self.way.bias)

    def forward(
        self, words: Tensor, clip: Tensor, known: Tensor, positions: Tensor, pace: Tensor
    ) -> Tensor:
        """clip (B T) C h w → the same shape: in each hole the nearest known frame, moved.

        words (B, E); known and positions (B, T); pace (B,) in keyframe's times per frame.
        """
        source, apart = nearest(known, positions)
        far = apart.float() * pace[:, None].float()
        way = MOST * torch.tanh(self.way(F.silu(self.said(words)))).float()
        shift, zoom = far[..., None] * way[:, None, :2], torch.exp(far * way[:, None, 2])
        batch, frames = known.shape
        rows = torch.arange(batch, device=known.device)[:, None]
        whole = clip.unflatten(0, (batch, frames))[rows, source].flatten(0, 1)
        return moved(whole, shift.flatten(0, 1), zoom.flatten()).to(clip.dtype)


def nearest(known: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
    """For each frame the number of the known frame nearest in time, the earlier of two, and how
    much later than that it is; known and positions (B, T) → both (B, T)."""
    apart = positions[:, :, None] - positions[:, None]
    far = apart.abs().masked_fill(~known[:, None], torch.iinfo(apart.dtype).max)
    source = far.argmin(2)
    return source, apart.gather(2, source[..., None])[..., 0]


def moved(pictures: Tensor, shift: Tensor, zoom: Tensor) -> Tensor:
    """pictures (N, C, h, w) shifted by (x, y) in half pictures (N, 2) and zoomed about the middle
    (N,); beyond an edge it is repeated."""
    sight = torch.zeros(len(pictures), 2, 3, device=pictures.device)
    sight[:, 0, 0] = sight[:, 1, 1] = 1 / zoom
    sight[:, :, 2] = -shift / zoom[:, None]
    grid = F.affine_grid(sight, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures.float(), grid, padding_mode="border", align_corners=False)
