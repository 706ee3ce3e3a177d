"""What is known of the media that clips show: how much there is of each, and where it lies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from studio.spec.bounds import (
    ID,
    LABEL,
    LONGEST_TEXT,
    between,
    either,
    hexes,
    misfits,
    nothing,
    text,
)
from studio.spec.timeline.clip import FASTEST_MEDIUM
from studio.spec.timing import SLOWEST

MOST_FRAMES = 2**53
LARGEST_SIDE = 2**20
"""Pixels."""


@dataclass(frozen=True, slots=True)
class Medium:
    """`frames` at `rate` of a take or an asset (of sound: samples).

    Every `every`-th, from the first, is a keyframe; 0 where none is.
    """

    frames: int
    rate: Fraction
    every: int = 0


Media = Mapping[str, Medium]
"""By the ids of takes and assets; one that is not there is of unknown length."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the user brought: what it is called, where it was found, and what is in it.

    `identity` is the hash of its bytes, "" where they were not read; `place` a path or URL, which is
    in no key.  `frames` are 0 where nobody knows; pictures have one.  `start` is the number that the
    file itself gives its first frame, as cameras do.  `width` and `height` are of what is seen of it,
    upright, 0 where nobody knows.
    """

    id: str
    name: str = ""
    place: str = ""
    identity: str = ""
    rate: Fraction = Fraction(24)
    frames: int = 0
    start: Fraction = Fraction(0)
    width: int = 0
    height: int = 0
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no file has."""
        side = between(0, LARGEST_SIDE)
        yield from misfits(
            self, id=ID, name=LABEL, place=text(LONGEST_TEXT),
            identity=either(nothing, hexes(32, 64)), rate=between(SLOWEST, FASTEST_MEDIUM),
            frames=between(0, MOST_FRAMES), start=between(-MOST_FRAMES, MOST_FRAMES),
            width=side, height=side,
        )  # fmt: skip
