"""Motion compensation: a deterministic estimate of every hole from its two nearest known frames.

As in video codecs, with learned motion: both known frames are warped along a displacement that is
predicted from the text and from keypoints in the pair, and a softmax per cell blends the four
candidates (each frame as it is and warped).  A displacement is the product of text and distance in
time; among noisy latents, temporal layers hardly find that product.  The estimate has a loss of its
own and enters the network beside the known frames.
"""

from dataclasses import dataclass

import torch
from diffusers.models.embeddings import TextTimeEmbedding
from torch import Tensor, nn
from torch.nn import functional as F

from studio.engine.families.videoldm.temporal import zero_init

MAX_TEXT_MOTION = 0.5
"""Limit of what the text alone predicts per keyframe interval: half pictures of shift, e-foldings
of growth."""
MIN_BLEND_SHARE = 0.02
"""Neither of the two frames starts below this share of the blend."""
KEYPOINTS = 16
"""Keypoints per pair of frames, from which the displacement between them is read."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two known frames next to each of N frames, the nearest first; often the same, twice.

    `first` and `second` (N, C, h, w); `since` and `gap` (N,) in keyframe intervals: how much later
    than the first the frame is, and the second.
    """

    first: Tensor
    second: Tensor
    since: Tensor
    gap: Tensor


class MotionCompensation(nn.Module):
    """Text and known frames to an estimate of every hole."""

    def __init__(self, text_width: int, channels: int, width: int) -> None:
        super().__init__()
        self.text_proj = TextTimeEmbedding(text_width, width, num_heads=4)
        self.direction = nn.Linear(width, 3)
        self.keypoints = _convolutions(2 * channels, width, KEYPOINTS)
        self.centre = nn.Linear(2 * KEYPOINTS, 2)
        self.displacement = nn.Sequential(
            nn.Linear(6 * KEYPOINTS + width + 1, 2 * width), nn.SiLU(), nn.Linear(2 * width, 3)
        )
        self.conv_in = nn.Conv2d(4 * channels + 4, width, 3, padding=1)
        self.text_bias = nn.Linear(width, width)
        self.conv_out = _convolutions(width, width, 4 + channels)
        zero_init(self.direction, self.centre, self.displacement[-1], self.conv_out[-1])

    def forward(
        self, text: Tensor, clip: Tensor, mask: Tensor, positions: Tensor, pace: Tensor
    ) -> Tensor:
        """clip (B T) C h w → the same shape: known frames as they are, an estimate in the holes.

        text (B, L, D); mask (B T) 1 h w, 0 in holes; positions (B, T); pace (B,) in keyframe
        intervals per frame.
        """
        batch, frames = positions.shape
        known = mask[:, 0, 0, 0].unflatten(0, (batch, frames)) > 0
        pair = nearest_known_pair(clip.unflatten(0, (batch, frames)), known, positions, pace)
        text_emb = self.text_proj(text).repeat_interleave(frames, 0)
        level = mask.unflatten(0, (batch, frames)).amax(1).repeat_interleave(frames, 0)
        estimate = self._blend(pair, level, text_emb, *self._motion(pair, text_emb))
        return torch.where(known.flatten()[:, None, None, None], clip, estimate.to(clip.dtype))

    def _motion(self, pair: Pair, text_emb: Tensor) -> tuple[Tensor, Tensor]:
        """Shift and growth per keyframe interval (N, 3), and the centre of growth (N, 2)."""
        one = soft_argmax(self.keypoints(torch.cat([pair.first, pair.second], 1)))
        other = soft_argmax(self.keypoints(torch.cat([pair.second, pair.first], 1)))
        by_text = MAX_TEXT_MOTION * torch.tanh(self.direction(F.silu(text_emb)))
        gap = pair.gap[:, None].to(text_emb.dtype)
        features = torch.cat([one, other, other - one, text_emb, gap], 1)
        apart = torch.where(gap == 0, 1, gap)
        motion = by_text + self.displacement(features) / apart * (gap != 0)
        return motion, self.centre(one)

    def _blend(
        self, pair: Pair, level: Tensor, text_emb: Tensor, motion: Tensor, centre: Tensor
    ) -> Tensor:
        """Per cell a softmax blend of both frames as they are and warped, plus a residual."""
        until = pair.since - pair.gap
        candidates = torch.stack(
            [
                pair.first,
                pair.second,
                warp(pair.first, motion, centre, pair.since),
                warp(pair.second, motion, centre + motion[:, :2] * pair.gap[:, None], until),
            ],
            1,
        )
        times = torch.stack([pair.since, until, pair.gap], 1)[..., None, None]
        times = times.expand(-1, -1, *level.shape[-2:]).to(level.dtype)
        h = self.conv_in(torch.cat([candidates.flatten(1, 2), times, level], 1))
        h = self.conv_out(F.silu(h + self.text_bias(F.silu(text_emb))[..., None, None]))
        weights = (h[:, :4] + blend_logits(pair).to(h.dtype)[..., None, None]).softmax(1)
        far = pair.since.abs().clamp(max=1).to(h.dtype)[:, None, None, None]
        return (weights[:, :, None] * candidates).sum(1) + far * h[:, 4:]


def _convolutions(channels_in: int, width: int, channels_out: int) -> nn.Sequential:
    """Three 3×3 convolutions at full resolution, the middle one dilated by 2."""
    return nn.Sequential(
        nn.Conv2d(channels_in, width, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(width, width, 3, padding=2, dilation=2),
        nn.SiLU(),
        nn.Conv2d(width, channels_out, 3, padding=1),
    )


def nearest_known_pair(clip: Tensor, known: Tensor, positions: Tensor, pace: Tensor) -> Pair:
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


def blend_logits(pair: Pair) -> Tensor:
    """Initial logits (N, 4) of first, second, first warped, second warped: between two frames those
    of a linear blend in time, beyond them nearly all on the first."""
    other = (pair.since / torch.where(pair.gap == 0, 1, pair.gap)).clamp(
        MIN_BLEND_SHARE, 1 - MIN_BLEND_SHARE
    )
    both = torch.stack([1 - other, other], 1).log()
    return both.repeat(1, 2)


def soft_argmax(heat: Tensor) -> Tensor:
    """heat (N, K, h, w) → expected position of each map (N, 2 K): all x, then all y, in half
    pictures from the middle."""
    down, across = (
        (torch.arange(n, device=heat.device, dtype=heat.dtype) + 0.5) / n * 2 - 1
        for n in heat.shape[-2:]
    )
    weights = heat.flatten(2).softmax(2).unflatten(2, heat.shape[-2:])
    return torch.cat([weights.sum(2) @ across, weights.sum(3) @ down], 1)


def warp(pictures: Tensor, motion: Tensor, centre: Tensor, time: Tensor) -> Tensor:
    """pictures (N, C, h, w) after a time (N,) of a motion (N, 3), growing about a centre (N, 2)."""
    motion, time = motion.float(), time[:, None].float()
    zoom = torch.exp((time * motion[:, 2:]).clamp(-2, 2))
    shift = time * motion[:, :2] + centre.float() * (1 - zoom)
    return shift_and_zoom(pictures, shift, zoom[:, 0]).to(pictures.dtype)


def shift_and_zoom(pictures: Tensor, shift: Tensor, zoom: Tensor) -> Tensor:
    """pictures (N, C, h, w) shifted by (x, y) in half pictures (N, 2) and zoomed about the middle
    (N,), bilinear in fp32; beyond an edge it is repeated."""
    row_x = torch.stack([1 / zoom, torch.zeros_like(zoom), -shift[:, 0] / zoom], 1)
    row_y = torch.stack([torch.zeros_like(zoom), 1 / zoom, -shift[:, 1] / zoom], 1)
    theta = torch.stack([row_x, row_y], 1)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures.float(), grid, padding_mode="border", align_corners=False)
