"""Augmentation of a subject's photos: each put along a path that the model's words speak of.

A small model's clips have objects of a certain size that cross a few grounds; a photo shows its
subject large and in the middle, somewhere else.  Taught from photos as they are, a subject would
stand there whatever the words say.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import PathAugmentation

SHARP = 0.75
"""Of its size from which a cut-out photo keeps its finest detail: no pixel of it is skipped."""


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a photo lies: its side as a part of the picture's, its middle as -1..1."""

    size: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a subject's prompt: a motion and a place, either of which may be ""."""

    motion: str
    place: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.motion, self.place) if part)


def tails(how: PathAugmentation) -> tuple[Tail, ...]:
    """Every motion and none in every place and none, but for neither."""
    return tuple(
        Tail(motion, place)
        for place in ("", *how.places)
        for motion in ("", *how.motions)
        if place or motion
    )


def placing(rng: np.random.Generator, motion: str, how: PathAugmentation) -> Placing:
    """A moment of the motion: somewhere on its path, at a size."""
    size = float(rng.uniform(*how.sizes))
    moves = motion in how.across + how.upright
    along = float(rng.uniform(-how.along, how.along)) if moves else 0.0
    aside = float(rng.uniform(-how.aside, how.aside))
    return Placing(size, along, aside) if motion in how.across else Placing(size, aside, along)


def placed(
    photo: Tensor, at: Placing, ground: Tensor | None, rim: float, cut_out: Tensor | None = None
) -> Tensor:
    """The square `photo` shrunk and moved onto the ground, its rim fading; all (3, S, S).

    Of a photo with a `cut_out` (S, S), 0..1, only what that leaves stands on the ground.  Without a
    ground the photo's edges are repeated to those of the picture: a clip without a place in its
    prompt holds still best over the ground it knows.
    """
    size = photo.shape[-1]
    theta = torch.tensor([[[1, 0, -at.x], [0, 1, -at.y]]]) / at.size
    grid = F.affine_grid(theta, [1, 3, size, size], align_corners=False)
    # bilinear reading skips pixels below half the size: the finest are taken out before
    soft = F.avg_pool2d(photo[None], 3, stride=1, padding=1, count_include_pad=False)
    fine = photo[None] if cut_out is not None and at.size >= SHARP else soft
    there = F.grid_sample(fine, grid, padding_mode="border", align_corners=False)[0]
    if ground is None:
        return there
    if cut_out is not None:
        inside = F.grid_sample(cut_out[None, None], grid, align_corners=False)[0]
    else:
        inside = ((1 - _distance(at, size, size)) / rim).clamp(0, 1)
    return ground + inside * (there - ground)


class Grounds:
    """The grounds of a model's clips, by place, as its picture has them."""

    def __init__(self, how: PathAugmentation, size: int) -> None:
        self._pictures = dict(zip(how.places, _read(how.grounds, len(how.places)), strict=True))
        self._size = size

    def draw(self, rng: np.random.Generator, place: str) -> Tensor | None:
        """One of the grounds of a place, mirrored at times, (3, S, S) in -1..1; None of no place."""
        if not place:
            return None
        choice = self._pictures[place]
        ground = choice[int(rng.integers(len(choice)))]
        ground = ground.flip(-1) if rng.random() < 0.5 else ground
        size = (self._size, self._size)
        return F.interpolate(ground[None], size, mode="bilinear", antialias=True)[0]


def _read(path: Path, rows: int) -> list[Tensor]:
    """Of each row of a picture its squares (N, 3, s, s) in -1..1."""
    try:
        with Image.open(path) as file:
            sheet = np.asarray(file.convert("RGB"))
    except OSError as error:
        raise Refusal(f"The picture {path} of a model cannot be read.", "Restore it.") from error
    side = len(sheet) // rows
    if not side or sheet.shape[1] < side:
        raise Refusal(f"The picture {path} holds no {rows} rows of squares.", "Restore it.")
    whole = torch.from_numpy(sheet[: rows * side, : sheet.shape[1] // side * side].copy())
    squares = whole.unflatten(1, (-1, side)).unflatten(0, (rows, side)).permute(0, 2, 4, 1, 3)
    return list(squares.float() / 127.5 - 1)


def window(at: Placing, height: int, width: int) -> Tensor:
    """Weights (height, width) of mean 1, four times as high on the photo's middle as far from it:
    most of what is to be learned stands there."""
    weights = 1 + 3 * torch.exp(-2.5 * _distance(at, height, width) ** 2)
    return weights / weights.mean()


def _distance(at: Placing, height: int, width: int) -> Tensor:
    """How far each cell (height, width) lies from the photo's middle, in halves of its side."""
    y, x = ((torch.arange(n) + 0.5) / n * 2 - 1 for n in (height, width))
    return torch.hypot(y[:, None] - at.y, x[None, :] - at.x) / at.size
