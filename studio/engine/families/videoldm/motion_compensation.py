"""What a hole shows, as the given frames around it and the words have it: a guess, without noise.

Motion-compensated prediction, as video codecs have it, with the motion learned: the two given
frames next to a hole are moved along, and cell by cell the guess takes what stands still or what
moved.  Which way and how far is the product of the words and of the distance in time; to find that
product among noisy latents, and to move a thing by it across half a picture, takes layers over time
very long.  The guess has a loss of its own and is shown to the network beside the given frames.
"""

from dataclasses import dataclass

import torch
from diffusers.models.embeddings import TextTimeEmbedding
from torch import Tensor, nn
from torch.nn import functional as F

from studio.engine.families.videoldm.temporal import zeroed

MOST = 0.5
"""Half pictures that words alone move anything in a keyframe's time, and e-foldings it grows."""
LEAST = 0.02
"""Share that neither of two frames starts below."""
POINTS = 16
"""Places that are looked for in a pair of frames to see how far things went between them."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two known frames next to each of N frames, the nearest first; often the same, twice.

    `first` and `second` (N, C, h, w); `since` and `gap` (N,) in keyframe's times: how much later
    than the first the frame is, and the second.
    """

    first: Tensor
    second: Tensor
    since: Tensor
    gap: Tensor


class Drift(nn.Module):
    """Words and known frames to a guess of every hole."""

    def __init__(self, text_width: int, channels: int, width: int) -> None:
        super().__init__()
        self.said = TextTimeEmbedding(text_width, width, num_heads=4)
        self.way = nn.Linear(width, 3)
        self.look = _convolutions(2 * channels, width, POINTS)
        self.centre = nn.Linear(2 * POINTS, 2)
        self.went = nn.Sequential(
            nn.Linear(6 * POINTS + width + 1, 2 * width), nn.SiLU(), nn.Linear(2 * width, 3)
        )
        self.enter = nn.Conv2d(4 * channels + 4, width, 3, padding=1)
        self.words = nn.Linear(width, width)
        self.compose = _convolutions(width, width, 4 + channels)
        zeroed(self.way, self.centre, self.went[-1], self.compose[-1])

    def forward(
        self, text: Tensor, clip: Tensor, mask: Tensor, positions: Tensor, pace: Tensor
    ) -> Tensor:
        """clip (B T) C h w → the same shape, known frames as they are and a guess in the holes.

        text (B, L, D); mask (B T) 1 h w, 0 in holes; positions (B, T); pace (B,) in keyframe's
        times per frame.
        """
        batch, frames = positions.shape
        known = mask[:, 0, 0, 0].unflatten(0, (batch, frames)) > 0
        pair = beside(clip.unflatten(0, (batch, frames)), known, positions, pace)
        said = self.said(text).repeat_interleave(frames, 0)
        level = mask.unflatten(0, (batch, frames)).amax(1).repeat_interleave(frames, 0)
        guess = self._composed(pair, level, said, *self._motion(pair, said))
        return torch.where(known.flatten()[:, None, None, None], clip, guess.to(clip.dtype))

    def _motion(self, pair: Pair, said: Tensor) -> tuple[Tensor, Tensor]:
        """Shift and growth per keyframe's time (N, 3), and what grows grows about (N, 2)."""
        one = places(self.look(torch.cat([pair.first, pair.second], 1)))
        other = places(self.look(torch.cat([pair.second, pair.first], 1)))
        way = MOST * torch.tanh(self.way(F.silu(said)))
        gap = pair.gap[:, None].to(said.dtype)
        seen = torch.cat([one, other, other - one, said, gap], 1)
        apart = torch.where(gap == 0, 1, gap)
        return way + self.went(seen) / apart * (gap != 0), self.centre(one)

    def _composed(
        self, pair: Pair, level: Tensor, said: Tensor, way: Tensor, centre: Tensor
    ) -> Tensor:
        """Cell by cell a mixture of both frames as they are and moved, and what is still amiss."""
        until = pair.since - pair.gap
        shown = torch.stack(
            [
                pair.first,
                pair.second,
                along(pair.first, way, centre, pair.since),
                along(pair.second, way, centre + way[:, :2] * pair.gap[:, None], until),
            ],
            1,
        )
        times = torch.stack([pair.since, until, pair.gap], 1)[..., None, None]
        times = times.expand(-1, -1, *level.shape[-2:]).to(level.dtype)
        h = self.enter(torch.cat([shown.flatten(1, 2), times, level], 1))
        h = self.compose(F.silu(h + self.words(F.silu(said))[..., None, None]))
        shares = (h[:, :4] + nearness(pair).to(h.dtype)[..., None, None]).softmax(1)[:, :, None]
        far = pair.since.abs().clamp(max=1).to(h.dtype)[:, None, None, None]
        return (shares * shown).sum(1) + far * h[:, 4:]


def _convolutions(entering: int, width: int, leaving: int) -> nn.Sequential:
    """Three at full resolution, the middle one looking twice as far."""
    return nn.Sequential(
        nn.Conv2d(entering, width, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(width, width, 3, padding=2, dilation=2),
        nn.SiLU(),
        nn.Conv2d(width, leaving, 3, padding=1),
    )


def beside(clip: Tensor, known: Tensor, positions: Tensor, pace: Tensor) -> Pair:
    """The pair of each frame: those before and after it, or else the two nearest on one side.

    clip (B, T, C, h, w); known and positions (B, T); pace (B,).
    """
    apart = positions[:, :, None] - positions[:, None]
    never = torch.iinfo(apart.dtype).max // 4
    far = torch.where(known[:, None], apart.abs(), never)
    first = far.argmin(2)
    there = apart.gather(2, first[..., None])
    # the other side comes before all that is on the first's
    far = far + torch.where(apart.sign() == there.sign(), never // 2, 0)
    far = far.scatter(2, first[..., None], never)
    second = far.argmin(2)
    second = torch.where(far.gather(2, second[..., None])[..., 0] < never, second, first)
    rows = torch.arange(len(clip), device=clip.device)[:, None]
    times = positions * pace[:, None].to(torch.float32)
    since, gap = times - times[rows, first], times[rows, second] - times[rows, first]
    frames = (clip[rows, first], clip[rows, second])
    return Pair(*(part.flatten(0, 1) for part in (*frames, since, gap)))


def nearness(pair: Pair) -> Tensor:
    """What the shares of first, second, first moved and second moved start from, (N, 4): between
    two frames those of a linear blend, beyond them nearly all of the first."""
    other = (pair.since / torch.where(pair.gap == 0, 1, pair.gap)).clamp(LEAST, 1 - LEAST)
    both = torch.stack([1 - other, other], 1).log()
    return both.repeat(1, 2)


def places(heat: Tensor) -> Tensor:
    """heat (N, K, h, w) → where each is hottest, (N, 2 K): x, then y, in half pictures from the
    middle; a soft argmax."""
    down, across = (
        (torch.arange(n, device=heat.device, dtype=heat.dtype) + 0.5) / n * 2 - 1
        for n in heat.shape[-2:]
    )
    share = heat.flatten(2).softmax(2).unflatten(2, heat.shape[-2:])
    return torch.cat([share.sum(2) @ across, share.sum(3) @ down], 1)


def along(pictures: Tensor, way: Tensor, centre: Tensor, time: Tensor) -> Tensor:
    """pictures (N, C, h, w) after a time (N,) on their way (N, 3), growing about a centre (N, 2)."""
    way, time = way.float(), time[:, None].float()
    zoom = torch.exp((time * way[:, 2:]).clamp(-2, 2))
    shift = time * way[:, :2] + centre.float() * (1 - zoom)
    return moved(pictures, shift, zoom[:, 0]).to(pictures.dtype)


def moved(pictures: Tensor, shift: Tensor, zoom: Tensor) -> Tensor:
    """pictures (N, C, h, w) shifted by (x, y) in half pictures (N, 2) and zoomed about the middle
    (N,); beyond an edge it is repeated."""
    turn = torch.stack([1 / zoom, torch.zeros_like(zoom), -shift[:, 0] / zoom], 1)
    tilt = torch.stack([torch.zeros_like(zoom), 1 / zoom, -shift[:, 1] / zoom], 1)
    grid = F.affine_grid(torch.stack([turn, tilt], 1), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures.float(), grid, padding_mode="border", align_corners=False)
