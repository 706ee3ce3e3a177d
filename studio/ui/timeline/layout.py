"""The layout of the timeline: where frames and tracks are, in pixels, and which frames are seen.

Frames are counted from the start of the timeline; x and y are those of the view, y without what is
scrolled away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from studio.spec.quantities import timecode
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import Track

HEADING = 112
"""Pixels for the names of tracks, at the left."""
RULER = 24
HEIGHTS = {"prompt": 28, "video": 64, "audio": 36}
"""Pixels of a track by its kind, where tracks are as high as at first."""
LOWEST, HIGHEST = 0.5, 3.0
"""Times that, which the wheel makes of it."""
CLOSEST = 48.0
"""Pixels of a frame at the largest zoom."""
APART = 84
"""Pixels between two times on the ruler, at least."""
GRIP = 6
"""Pixels of the grips of fades."""
ROOM = 0.25
"""Share of the width that may lie empty behind the last clip."""


@dataclass(frozen=True, slots=True)
class Scale:
    """`zoom` pixels for a frame, of which the one at `left` (maybe a fraction) is at the headings;
    `width` of the whole view."""

    zoom: float = 4.0
    left: float = 0.0
    width: int = 800

    @property
    def room(self) -> int:
        """Pixels for frames."""
        return max(1, self.width - HEADING)

    @property
    def seen(self) -> float:
        """Frames that are seen at once."""
        return self.room / self.zoom

    def x(self, frame: float) -> float:
        """Where a frame begins."""
        return HEADING + (frame - self.left) * self.zoom

    def frame(self, x: float) -> float:
        """The frame at x, a fraction where x lies in it; below 0 left of the first."""
        return self.left + (x - HEADING) / self.zoom

    def nearest(self, x: float) -> int:
        """The frame that begins nearest to x, 0 or later."""
        return max(0, round(self.frame(x)))

    def at(self, x: float) -> int:
        """The frame that lies at x, 0 or later."""
        return max(0, floor(self.frame(x)))

    def frames(self, x: float, end: float) -> tuple[int, int]:
        """The first frame seen from x to before `end`, and the one after the last."""
        return max(0, floor(self.frame(max(x, HEADING)))), max(0, ceil(self.frame(end)))

    def zoomed(self, factor: float, x: float, length: int) -> "Scale":
        """Enlarged around x: the frame there stays where it is, as far as the start lets it."""
        zoom = min(max(self.zoom * factor, self.farthest(length)), CLOSEST)
        there = self.frame(x)
        return replace(self, zoom=zoom, left=there - (x - HEADING) / zoom).within(length)

    def moved(self, pixels: float, length: int) -> "Scale":
        """Scrolled by so many pixels, later where positive."""
        return replace(self, left=self.left + pixels / self.zoom).within(length)

    def fitted(self, length: int) -> "Scale":
        """As close as the whole timeline is seen, with a little room behind it."""
        zoom = self.room * 0.96 / max(1, length)
        return replace(self, zoom=min(max(zoom, self.farthest(length)), CLOSEST), left=0.0)

    def showing(self, frame: int, length: int) -> "Scale":
        """Scrolled as far as a frame is seen; itself where it is."""
        if self.left <= frame < self.left + self.seen:
            return self
        return replace(self, left=frame - 0.1 * self.seen).within(length)

    def within(self, length: int) -> "Scale":
        """Scrolled no farther than there is something to see."""
        return replace(self, left=min(max(0.0, self.left), self.last(length)))

    def last(self, length: int) -> float:
        """The frame up to which one can scroll."""
        return 0.0 if length <= self.seen else length - self.seen * (1 - ROOM)

    def farthest(self, length: int) -> float:
        """Pixels of a frame at the smallest zoom: the timeline takes half of the view."""
        return min(1.0, 0.5 * self.room / max(1, length))


@dataclass(frozen=True, slots=True)
class Row:
    """A track's place: its number among the tracks, and its top below the ruler."""

    number: int
    top: int
    height: int

    @property
    def bottom(self) -> int:
        return self.top + self.height


def rows(tracks: Sequence[Track], stretch: float = 1.0) -> tuple[Row, ...]:
    """Words on top, then pictures, what covers others first, then sound."""
    numbers = [n for n, track in enumerate(tracks) if track.kind == "prompt"]
    numbers += [n for n in range(len(tracks) - 1, -1, -1) if tracks[n].kind == "video"]
    numbers += [n for n, track in enumerate(tracks) if track.kind == "audio"]
    made, top = [], RULER
    for number in numbers:
        height = round(HEIGHTS[tracks[number].kind] * stretch)
        made.append(Row(number, top, height))
        top += height + 1
    return tuple(made)


def row_at(made: Sequence[Row], y: float) -> Row | None:
    """The row at y; None on the ruler and below all of them."""
    return next((row for row in made if row.top <= y < row.bottom + 1), None)


def height_of(made: Sequence[Row]) -> int:
    """Pixels that all rows take, the ruler too."""
    return made[-1].bottom + 1 if made else RULER


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the ruler; with its time where there is room for one."""

    frame: int
    label: str = ""


def ticks(scale: Scale, rate: Fraction, x: float, end: float) -> Iterator[Tick]:
    """The lines of the ruler from x to `end`: whole seconds, or frames where these are far apart."""
    per_second = float(rate) * scale.zoom
    first, last = scale.frames(x - APART, end)
    step = next((s for s in (1, 2, 5, 10) if s * scale.zoom >= APART and s < rate), None)
    if step is not None:
        for frame in range(first // step * step, last + 1, step):
            yield Tick(frame, timecode(frame, rate))
        return
    each = next((s for s in _SECONDS if s * per_second >= APART), _SECONDS[-1])
    fine = next((s for s in _SECONDS if each % s == 0 and s * per_second >= 8), each)
    second = int(first / rate) // fine * fine
    while (frame := ceil(second * rate)) <= last:
        yield Tick(frame, _clock(second) if second % each == 0 else "")
        second += fine


def _clock(second: int) -> str:
    hours, minutes = divmod(second // 60, 60)
    start = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{start}:{second % 60:02d}"


_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000, 86400)


def whole(timeline: Timeline) -> int:
    """Frames of the axis: a timeline without clips has room for ten seconds."""
    return max(timeline.length, ceil(10 * timeline.rate))
