"""Which pictures and keyframes of a clip are painted, and where: a strip of film that is never
denser than it can be seen, whatever the zoom."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor

from studio.spec.timeline.clip import Clip
from studio.spec.timeline.media import Medium
from studio.ui.timeline.layout import Scale

SMALLEST = 28
"""Pixels of a picture's width, at least; it grows with the zoom up to its own shape."""
DIAMOND = 10
"""Pixels between two keyframes, at least."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture: `frame` of the medium, from `left` to `right` of the view."""

    frame: int
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Film:
    """A clip that begins at `start` of a timeline, and how its medium runs there: `step` of its
    frames pass in one of the timeline's, the first is `begin`."""

    clip: Clip
    start: int
    begin: float
    step: float
    medium: Medium

    def x(self, frame: float, scale: Scale) -> float:
        """Where a frame of the medium is shown first."""
        return scale.x(self.start + (frame - self.begin) / self.step)

    def seen(self, scale: Scale, x: float, end: float) -> tuple[float, float]:
        """The frames of the medium from x to `end`, as far as the clip goes."""
        first = max(0.0, scale.frame(x) - self.start)
        last = min(float(self.clip.length), scale.frame(end) - self.start)
        return self.begin + first * self.step, self.begin + last * self.step


def tiles(film: Film, scale: Scale, wide: float, x: float, end: float) -> Iterator[Tile]:
    """The pictures from x to `end`; `wide` is how wide one of this height would be.

    Each begins with a keyframe where there are some, and grows with the zoom until it is seen
    whole; from then on there is room for frames in between.
    """
    pixels = scale.zoom / film.step  # of a frame of the medium
    every = film.medium.every or 1
    each = _apart(every * pixels, SMALLEST) * every
    parts = ceil(each * pixels / wide)
    apart = each / parts
    first, last = film.seen(scale, x, end)
    head, tail = scale.x(film.start), scale.x(film.start + film.clip.length)
    begins = head - film.begin * pixels  # x of the medium's frame 0: no calls where there are many
    for number in range(floor(first / apart), ceil(last / apart)):
        left = max(begins + number * apart * pixels, head)
        right = min(begins + (number + 1) * apart * pixels, tail)
        if right > left:
            shown = max(round(number * apart), ceil(film.begin))
            yield Tile(min(shown, film.medium.frames - 1), left, right)


def diamonds(film: Film, scale: Scale, x: float, end: float) -> Iterator[tuple[int, float]]:
    """The keyframes from x to `end`, thinned out where they would touch: (number, place)."""
    every = film.medium.every
    if not every:
        return
    each = _apart(every * scale.zoom / film.step, DIAMOND)
    first, last = film.seen(scale, x - DIAMOND, end + DIAMOND)
    pixels = scale.zoom / film.step
    begins = scale.x(film.start) - film.begin * pixels
    for key in range(ceil(first / every / each) * each, floor((last - 1e-9) / every) + 1, each):
        yield key, begins + key * every * pixels


def _apart(pixels: float, least: float) -> int:
    """Of things so many pixels apart every how many-th is shown: a power of two."""
    each = 1
    while each * pixels < least:
        each *= 2
    return each
