"""Figures: individuals of five classes, each a row of numbers that decides its looks for good.

An individual is a number.  Its parts (body, head, ears, hat, limbs, marks, face) and colours follow
from uniform draws seeded with it, the same on every device.  `HELD_OUT` are never drawn in training.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from studio.lab.drawing import scenes

CLASSES = ("character", "robot", "monster", "animal", "toy")
HATS = ("none", "cone", "top hat", "cap", "bow", "horns", "antenna")
MARKS = ("plain", "spots", "stripes", "belly", "panel")
EYES = ("dots", "wide", "one", "square")
HELD_OUT = range(1000, 1200)
"""Numbers of the individuals that are kept for subjects and their measure."""

COLOURS = {
    **scenes.RGB,
    "grey": (0.55, 0.57, 0.60),
    "brown": (0.50, 0.31, 0.17),
    "black": (0.10, 0.10, 0.12),
}
NAMES = tuple(COLOURS)
SPOTS = 6
DRAWS = 96
"""Uniform numbers that decide an individual."""

# how likely each kind of a part is, by class in the order of CLASSES
_EARS = ((1, 1, 1, 1), (3, 0.3, 1, 0.2), (2, 1, 1, 0.5), (0.3, 2, 2, 1.5), (4, 0.5, 1, 0.5))
_HATS = (
    (1, 1, 1, 1, 1, 0, 0),
    (1.5, 0.3, 0.5, 0.7, 0.2, 0, 2),
    (1.5, 0.3, 0.3, 0.3, 0.3, 2.5, 0.5),
    (3, 0.5, 0.5, 0.5, 1, 0.5, 0),
    (3, 0.7, 0.5, 0.7, 0.7, 0, 0.3),
)
_MARKS = (
    (1, 1, 1, 1, 0),
    (1, 0.3, 1, 0.3, 3),
    (1, 2, 1, 1, 0),
    (1.5, 1.2, 1, 1.5, 0),
    (1, 0.7, 1.5, 0.3, 1.5),
)
_EYES = ((1, 1, 1, 0), (0.5, 0.5, 1, 3), (0.5, 1, 2, 0), (2, 1, 0, 0), (1.5, 1.5, 0.3, 0.3))
_LEGS = (0.45, 0.7, 0.6, 0.95, 0.0)  # how likely there are any
_ARMS = (0.45, 0.8, 0.6, 0.0, 0.1)
_TAIL = (0.1, 0.0, 0.3, 0.8, 0.0)
_WHEELS = (0.0, 0.15, 0.0, 0.0, 0.95)
_TALL = ((0.85, 1.35), (0.8, 1.25), (0.8, 1.3), (0.6, 0.85), (0.55, 0.95))  # half heights
_SQUARE = ((1.8, 5.0), (5.0, 9.0), (1.7, 3.2), (1.8, 2.8), (3.0, 8.0))  # exponents
# named colours that a class wears, in the order of NAMES
_WORN = (
    (1, 1, 1, 1, 1, 1, 1, 0.5, 0.3, 0.3, 0.2),
    (0.5, 0.5, 0.5, 0.5, 1, 0.3, 0.2, 1, 3, 0.2, 0.7),
    (1, 0.7, 0.5, 1.5, 1, 1.5, 0.7, 0.2, 0.3, 0.3, 0.5),
    (0.2, 1.5, 0.7, 0.3, 0.3, 0.1, 0.5, 1.5, 1.5, 2, 1),
    (2, 1, 1.5, 1, 1.5, 0.7, 1, 0.5, 0.1, 0.2, 0.2),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """A batch of individuals.  Lengths are in half widths of the body; kinds are index numbers."""

    kind: Tensor  # (N,) of CLASSES
    top: Tensor  # (N, 3) RGB 0..1, as all colours here
    bottom: Tensor
    accent: Tensor
    hat_colour: Tensor
    limb: Tensor
    names: Tensor  # (N, 3) of NAMES: top, bottom, hat; -1 where no word fits
    tall: Tensor  # (N,) half height of the body
    square: Tensor  # exponent of the body's superellipse: 2 round, 5 boxy
    split: Tensor  # where the second tone begins, in half heights below the middle
    ears: Tensor
    hat: Tensor
    marks: Tensor
    eyes: Tensor
    eye_size: Tensor
    mouth: Tensor  # -1 sad .. 1 glad
    teeth: Tensor  # bool
    legs: Tensor  # length, 0 for none
    arms: Tensor  # length, 0 for none
    thick: Tensor  # half width of limbs
    tail: Tensor  # bool
    wheels: Tensor  # radius, 0 for none
    head: Tensor  # (N, 3) x, y of a head's middle and its size; 0, 0, 1 where the body is the head
    spots: Tensor  # (N, SPOTS, 3) x, y, radius

    def __len__(self) -> int:
        return len(self.kind)

    def __getitem__(self, chosen: Tensor) -> "Figures":
        return Figures(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def to(self, device: str | torch.device) -> "Figures":
        """The same on `device`."""
        return Figures(*(getattr(self, field.name).to(device) for field in fields(self)))


def individuals(numbers: np.ndarray, kinds: np.ndarray | None = None) -> Figures:
    """The individuals with these numbers; `kinds` (indices of CLASSES) where they are not drawn."""
    draws = np.stack([np.random.default_rng((int(n), 78)).random(DRAWS) for n in numbers])
    return _figures(draws, kinds)


def pool(seed: int, count: int) -> Figures:
    """`count` individuals for training, none of them held out."""
    first = len(HELD_OUT) + 10_000 + seed * 10_000_000
    return individuals(np.arange(first, first + count))


class _Draws:
    """Columns of uniform numbers, each used once, in order."""

    def __init__(self, draws: np.ndarray) -> None:
        self._draws, self._next = draws, 0

    def uniform(self, low=0.0, high=1.0) -> np.ndarray:
        column = self._draws[:, self._next]
        self._next += 1
        return low + (high - low) * column

    def choice(self, odds: np.ndarray) -> np.ndarray:
        """Index numbers (N,) for odds (N, K)."""
        edges = np.cumsum(odds / odds.sum(1, keepdims=True), 1)
        return (self.uniform()[:, None] > edges[:, :-1]).sum(1)

    def flag(self, odds: np.ndarray) -> np.ndarray:
        return self.uniform() < odds


def _figures(draws: np.ndarray, kinds: np.ndarray | None) -> Figures:
    """The order of the draws decides who an individual is: it never changes."""
    drawn = _Draws(draws)
    kind = drawn.choice(np.ones((len(draws), len(CLASSES))))
    kind = kind if kinds is None else np.asarray(kinds)

    def of(table) -> np.ndarray:
        return np.asarray(table, float)[kind]

    numbers = {"kind": kind, **_colours(drawn, of(_WORN))}
    tall = drawn.uniform(*of(_TALL).T)
    numbers |= {"tall": tall, "head": _head(drawn, tall, kind == CLASSES.index("animal"))}
    numbers["spots"] = np.stack([_spot(drawn) for _ in range(SPOTS)], 1)
    legs = drawn.flag(of(_LEGS)) * drawn.uniform(0.35, 0.8)
    arms = drawn.flag(of(_ARMS)) * drawn.uniform(0.5, 0.85)
    wheels = drawn.flag(of(_WHEELS)) * drawn.uniform(0.26, 0.42)
    numbers |= {
        "square": drawn.uniform(*of(_SQUARE).T),
        "split": drawn.uniform(-0.2, 0.5),
        "ears": drawn.choice(of(_EARS)),
        "hat": drawn.choice(of(_HATS)),
        "marks": drawn.choice(of(_MARKS)),
        "eyes": drawn.choice(of(_EYES)),
        "eye_size": drawn.uniform(0.16, 0.28),
        "mouth": drawn.uniform(-1, 1),
        "teeth": drawn.flag(np.where(kind == CLASSES.index("monster"), 0.6, 0.0)),
        "thick": drawn.uniform(0.1, 0.2),
        "tail": drawn.flag(of(_TAIL)),
        "legs": np.where(wheels > 0, 0.0, legs),
        "arms": arms,
        "wheels": wheels,
    }
    return Figures(**{name: _tensor(values) for name, values in numbers.items()})


def _colours(drawn: _Draws, odds: np.ndarray) -> dict[str, np.ndarray]:
    painted = [_colour(drawn, odds) for _ in range(4)]
    top, bottom, accent, hat = (colour for colour, _ in painted)
    alike = drawn.flag(np.full(len(top), 0.6))[:, None]
    return {
        "top": top,
        "bottom": bottom,
        "accent": accent,
        "hat_colour": hat,
        "limb": np.where(alike, top, accent),
        "names": np.stack([painted[k][1] for k in (0, 1, 3)], 1),
    }


def _head(drawn: _Draws, tall: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Middle and size of a head (N, 3), where it is `apart` from the body."""
    size, side = drawn.uniform(0.5, 0.72), drawn.uniform(0.75, 1.0)
    own = np.stack([side, -tall * 0.75, size], 1)
    return np.where(apart[:, None], own, np.asarray((0.0, 0.0, 1.0)))


def _spot(drawn: _Draws) -> np.ndarray:
    """x, y and radius (N, 3)."""
    ranges = ((-0.7, 0.7), (-0.8, 0.9), (0.1, 0.24))
    return np.stack([drawn.uniform(*ends) for ends in ranges], 1)


def _colour(drawn: _Draws, odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colours (N, 3) near a named one, and which (N,); one in eight is any colour, unnamed."""
    named = drawn.choice(odds)
    base = np.asarray(list(COLOURS.values()))[named]
    near = base * drawn.uniform(0.82, 1.08)[:, None]
    near = near + np.stack([drawn.uniform(-0.05, 0.05) for _ in range(3)], 1)
    wild = np.stack([drawn.uniform(0.05, 0.98) for _ in range(3)], 1)
    is_wild = drawn.flag(np.full(len(named), 0.125))
    return np.clip(np.where(is_wild[:, None], wild, near), 0, 1), np.where(is_wild, -1, named)


def _tensor(values: np.ndarray) -> Tensor:
    kept = values if values.dtype.kind in "bi" else values.astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(kept))
