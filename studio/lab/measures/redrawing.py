"""Figures redrawn in frames: analysis by synthesis.

A figure in a pose explains a frame by its own colours where it covers it, and by the colours at the
frame's rim elsewhere.  The pose with the least error is found without anything learned.
"""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.subjects import cut_out
from studio.lab.starter import painting
from studio.lab.starter.figures import Figures

SIZE, FINE = 32, 64
"""Sides to which frames are shrunk, for a search over all poses and for the last of it."""
RADII = tuple(0.09 * 1.19**k for k in range(8))
"""Half widths of a body that are tried, in sides of the picture."""
TONES = 6
"""Colours of a frame's rim by which its ground is explained."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Centres (N, 2) and radii (N,) in sides of the picture, tilts in radians, mirrored or not."""

    centre: Tensor
    radius: Tensor
    tilt: Tensor
    mirrored: Tensor

    def __len__(self) -> int:
        return len(self.radius)


def redrawn(who: Figures, pose: Pose, size: int) -> tuple[Tensor, Tensor]:
    """Pictures (N, 3, size, size) in 0..1 on black, and how much of each pixel is the figure."""
    x, y = painting.body_grid(size, pose.centre, pose.radius, pose.tilt, pose.mirrored)
    rest = torch.zeros(len(pose))
    shade, edge = painting.shade_of(x, y), pose.radius * size
    layers = list(painting.figure_layers(who, x, y, rest + 0.25, rest))
    black = torch.zeros(len(pose), 3, size, size)
    drawn = painting.paint(black, iter(layers), shade, edge)
    white = ((field, torch.ones_like(colour)) for field, colour in layers)
    cover = painting.paint(black, white, torch.ones_like(shade), edge)[:, :1]
    return drawn, cover[:, 0]


def errors(frames: Tensor, candidates: Figures) -> Tensor:
    """The least error of each candidate over all poses (N, candidates), per pixel and channel."""
    small = shrunk(frames, SIZE)
    seen = torch.stack([_seen(frame) for frame in small])
    total = seen[:, 0].sum((1, 2))
    least = [
        _correlated(seen, _kernels(only(candidates, k), SIZE)).flatten(1).amin(1)
        for k in range(len(candidates))
    ]
    return (total[:, None] + torch.stack(least, 1)) / (3 * SIZE**2)


def best_pose(frame: Tensor, one: Figures) -> Pose:
    """The pose in which the individual explains a frame (3, FINE, FINE) best: over the whole
    picture upright, then near the best of that, tilted too."""
    cost = _correlated(_seen(frame)[None], _kernels(one, FINE))[0]
    kind, y, x = (int(k) for k in torch.unravel_index(cost.argmin(), cost.shape))
    poses = _around(x / FINE, y / FINE, RADII[kind // 2], kind % 2 == 1)
    return _pick(poses, _cost(frame, one, poses).argmin()[None])


def _around(x: float, y: float, radius: float, mirrored: bool) -> Pose:
    near = (-0.012, 0.0, 0.012)
    rows = product(
        [x + s for s in near],
        [y + s for s in near],
        [radius * s for s in (0.93, 1.0, 1.07)],
        (-0.15, 0.0, 0.15),
    )
    values = torch.tensor(list(rows))
    flags = torch.full((len(values),), mirrored)
    return Pose(values[:, :2], values[:, 2], values[:, 3], flags)


def _pick(poses: Pose, chosen: Tensor) -> Pose:
    return Pose(
        poses.centre[chosen], poses.radius[chosen], poses.tilt[chosen], poses.mirrored[chosen]
    )


def _cost(frame: Tensor, one: Figures, poses: Pose) -> Tensor:
    """How badly each pose explains the frame (N,)."""
    ground = _ground_error(frame)
    many = one[torch.zeros(len(poses), dtype=torch.long)]
    drawn, mask = redrawn(many, poses, FINE)
    colour = drawn / mask[:, None].clamp_min(1e-3)
    own = ((frame[None] - colour) ** 2).sum(1)
    return (mask * own + (1 - mask) * ground).sum((1, 2))


def _kernels(one: Figures, size: int) -> Tensor:
    """For each radius two kernels (6, size, size), as the individual is and mirrored.

    The picture's error under a mask m with colours r, less what the ground explains there, is a
    correlation: -m with the ground's error, m with f², -2mr with f, and mr² wherever there is picture.
    """
    radii = torch.tensor(RADII).repeat_interleave(2)
    many = one[torch.zeros(len(radii), dtype=torch.long)]
    middle, upright = torch.full((len(radii), 2), 0.5), torch.zeros(len(radii))
    pose = Pose(middle, radii, upright, torch.arange(len(radii)) % 2 == 1)
    drawn, mask = redrawn(many, pose, size)
    m, colour = mask[:, None], drawn / mask[:, None].clamp_min(1e-3)
    return torch.cat([-m, m, -2 * m * colour, m * (colour**2).sum(1, keepdim=True)], 1)


def _seen(frame: Tensor) -> Tensor:
    """What kernels are laid over (6, S, S): what the ground leaves unexplained, f², f, and 1."""
    ground, square = _ground_error(frame)[None], (frame**2).sum(0, keepdim=True)
    return torch.cat([ground, square, frame, torch.ones_like(ground)])


def _correlated(seen: Tensor, kernels: Tensor) -> Tensor:
    """Kernels (K, C, S, S) laid over (N, C, S, S) with their middles on every pixel, summed over
    channels: (N, K, S, S).  By Fourier transforms: kernels are as large as pictures."""
    size = seen.shape[-1]
    padded = (2 * size, 2 * size)
    seen_f, kernels_f = (torch.fft.rfft2(part, padded) for part in (seen, kernels))
    product_f = torch.einsum("nchw,kchw->nkhw", seen_f, kernels_f.conj())
    whole = torch.fft.irfft2(product_f, padded)
    return whole.roll((size // 2, size // 2), (-2, -1))[..., :size, :size]


def only(candidates: Figures, index: int) -> Figures:
    return candidates[torch.tensor([index])]


def _ground_error(frame: Tensor) -> Tensor:
    """How far each pixel is from the rim's colours (S, S), squared, summed over channels."""
    size = frame.shape[-1]
    near = torch.cdist(frame.flatten(1).T, palette(frame)).amin(1)
    return near.square().reshape(size, size)


def palette(frame: Tensor) -> Tensor:
    """Colours of the rim (TONES, 3), by k-means."""
    width = max(1, frame.shape[-1] // 16)
    inner = torch.zeros(frame.shape[1:], dtype=torch.bool)
    inner[width:-width, width:-width] = True
    colours = frame[:, ~inner].T
    return cut_out.palette(colours, TONES)


def shrunk(frames: Tensor, size: int) -> Tensor:
    return F.interpolate(frames.float(), (size, size), mode="area")
