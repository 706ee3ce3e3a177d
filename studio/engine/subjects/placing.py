"""A subject's photos, put where the starter's clips have their objects.

Those are a third of the picture wide and cross one of seven grounds; a photo shows its subject
large and in the middle, somewhere else.  Taught from photos as they are, a subject would stand there
whatever the words say.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.subjects import grounds
from studio.spec import grammar

SIZES = (0.45, 0.8)
"""Sides of a photo, as parts of the picture's: its subject fills most of it, not all."""
ALONG, ASIDE = 0.6, 0.15
"""How far a middle may lie from the picture's, in halves of its side: on a path and beside it."""
RIM = 0.35
"""How much of a photo's half side fades into the ground."""
TAILS = tuple(
    (" ".join(grammar.PHRASES[word][0] for word in (motion, place) if word), motion, place)
    for place in ("", *grammar.PLACES)
    for motion in ("", *grammar.MOTIONS)
    if place or motion
)
"""What is said behind the subject's prompt, its motion and its place: all and none of each."""


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a photo lies: its side as a part of the picture's, its middle as -1..1."""

    size: float
    x: float
    y: float


def placing(rng: np.random.Generator, motion: str) -> Placing:
    """A moment of the motion: somewhere on its path, at a size."""
    size = float(rng.uniform(*SIZES))
    along = float(rng.uniform(-ALONG, ALONG)) if motion in ("left", "right", "up", "down") else 0.0
    aside = float(rng.uniform(-ASIDE, ASIDE))
    return (
        Placing(size, along, aside) if motion in ("left", "right") else Placing(size, aside, along)
    )


def placed(photo: Tensor, at: Placing, ground: Tensor | None) -> Tensor:
    """The square `photo` shrunk and moved onto the ground, its rim fading; all (3, S, S).

    Without a ground the photo's edges go on to those of the picture.
    """
    size = photo.shape[-1]
    theta = torch.tensor([[[1, 0, -at.x], [0, 1, -at.y]]]) / at.size
    grid = F.affine_grid(theta, [1, 3, size, size], align_corners=False)
    # bilinear reading skips pixels below half the size: the finest are taken out before
    soft = F.avg_pool2d(photo[None], 3, stride=1, padding=1, count_include_pad=False)
    there = F.grid_sample(soft, grid, padding_mode="border", align_corners=False)[0]
    if ground is None:
        return there
    inside = ((1 - _away(at, size, size)) / RIM).clamp(0, 1)
    return ground + inside * (there - ground)


def ground(rng: np.random.Generator, place: str, size: int) -> Tensor | None:
    """The place as the starter's clips show it, (3, size, size) in -1..1.

    None of no place: a clip for which none is said holds still best over the ground it knows.
    """
    if not place:
        return None
    drawn = torch.from_numpy(grounds.draw_ground(place, rng)).permute(2, 0, 1)[None] * 2 - 1
    return F.interpolate(drawn.float(), (size, size), mode="bilinear", antialias=True)[0]


def window(at: Placing, height: int, width: int) -> Tensor:
    """Weights (height, width) of mean 1, four times as high on the photo's middle as far from it:
    most of what is to be learned stands there."""
    weights = 1 + 3 * torch.exp(-2.5 * _away(at, height, width) ** 2)
    return weights / weights.mean()


def _away(at: Placing, height: int, width: int) -> Tensor:
    """How far each cell (height, width) lies from the photo's middle, in halves of its side."""
    y, x = ((torch.arange(n) + 0.5) / n * 2 - 1 for n in (height, width))
    return torch.hypot(y[:, None] - at.y, x[None, :] - at.x) / at.size
