"""The frames of a timeline as the player reads them: clip after clip, black where nothing plays."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

from studio.spec.timeline.playing import Run, runs
from studio.spec.timeline.timeline import Timeline
from studio.ui.state.frames import CHANNELS, FrameRequest, Pictures
from studio.ui.state.timeline_lookup import TakeFrames

AHEAD = 400
"""Parts that are asked for at most; how many of them fit, the cache knows."""
PARTS = 2**20
"""More than any take has parts."""
Place = tuple[TakeFrames, int, int]
"""A take, which of its parts, and the frame's number in there."""


class TimelineFrames:
    """What plays at each frame; `take` tells where a take's frames are, `look` which are in memory.

    A gap, and a clip that is yet to be made, are black.  What `take` does not know yet is not in
    memory either.
    """

    def __init__(
        self,
        timeline: Timeline,
        take: Callable[[str], TakeFrames | None],
        look: Callable[[str], Pictures | None],
        load: Callable[[str], Pictures],
        size: QSize,
    ) -> None:
        self._timeline, self._take = timeline, take
        self._look, self._load, self._size = look, load, size
        self._runs = tuple(runs(timeline))
        self._starts = tuple(run.start for run in self._runs)
        self._black = QImage(size, QImage.Format.Format_RGB888)
        self._black.fill(Qt.GlobalColor.black)

    @property
    def size(self) -> QSize:
        return self._size

    def __len__(self) -> int:
        return self._timeline.length

    def at(self, number: int) -> QImage | None:
        if not 0 <= number < len(self):
            return None
        run = self._runs[self._run(number)]
        take = self._take_of(run)
        if take is None:
            return self._black if not self._is_unknown(run) else None
        place = take.place(self._frame(run, number))
        if place is None:
            return self._black
        found = self._look(take.parts[place[0]].key)
        return found[place[1]] if found and place[1] < len(found) else None

    def near(self, number: int) -> QImage:
        number = min(max(0, number), len(self) - 1)
        exact = self.at(number)
        if exact is not None or number < 0:
            return exact or QImage()
        run = self._runs[self._run(number)]
        for far in range(1, run.length):
            for other in (number - far, number + far):
                inside = run.start <= other < run.start + run.length
                if inside and (found := self.at(other)) is not None:
                    return found
        return self._black

    def read(self, first: int, count: int = 1) -> Pictures:
        made: list[QImage] = []
        for number in range(max(0, first), min(first + count, len(self))):
            place = self._place(number)
            if place is None:
                made.append(self._black)
            else:
                take, part, inside = place
                made.append(self._load(take.parts[part].key)[inside])
        return tuple(made)

    def part(self, number: int) -> int:
        if not self._runs:
            return 0
        at = self._run(number)
        place = self._place(number)
        return at * PARTS + (place[1] if place else 0)

    def requests(self, number: int, speed: int, *, loop: bool) -> Iterator[FrameRequest]:
        """The part that is shown, those that play next, then those that played before."""
        way = -1 if speed < 0 else 1
        later, before = self._parts(number, way, loop=loop), self._parts(number, -way, loop=loop)
        yield from islice(later, 2)
        yield from islice(before, 2)  # the first is the one that is shown: the cache passes over it
        yield from islice(later, AHEAD)
        yield from islice(before, AHEAD)

    def _parts(self, number: int, way: int, *, loop: bool) -> Iterator[FrameRequest]:
        """The parts from a frame on, each once while it plays."""
        for run in self._ordered(number, way, loop=loop):
            take = self._take_of(run)
            if take is None:
                continue
            first, last = (self._frame(run, f) for f in _ends(run, number, way))
            parts = [p for f in (first, last) if (p := take.place(f)) is not None]
            if len(parts) < 2:
                parts = [(n, 0) for n in range(len(take.parts))]
            low, high = sorted((parts[0][0], parts[-1][0]))
            numbers = range(low, high + 1)[::way]
            stored = (n for n in numbers if take.parts[n].key not in take.missing)
            yield from (self._request(take, n) for n in stored)

    def _ordered(self, number: int, way: int, *, loop: bool) -> Iterator[Run]:
        """The run of a frame, and those that play after it."""
        if not self._runs:
            return
        here, many = self._run(number), len(self._runs)
        for step in range(min(many, AHEAD)):
            at = here + way * step
            if loop or 0 <= at < many:
                yield self._runs[at % many]

    def _request(self, take: TakeFrames, part: int) -> FrameRequest:
        line = -(-CHANNELS * take.width // 4) * 4  # as Qt lays it out
        return FrameRequest(take.parts[part].key, take.parts[part].frames * take.height * line)

    def _run(self, number: int) -> int:
        return max(0, bisect_right(self._starts, number) - 1)

    def _frame(self, run: Run, number: int) -> int:
        """The frame of the medium that plays."""
        assert run.shown is not None
        footage = run.shown.clip.footage
        assert footage is not None
        return footage.frame(run.shown.number + number - run.start, self._timeline.rate)

    def _take_of(self, run: Run) -> TakeFrames | None:
        footage = run.shown.clip.footage if run.shown else None
        return self._take(footage.take) if footage and footage.take else None

    def _is_unknown(self, run: Run) -> bool:
        """Whether a take plays of which nothing is known yet."""
        footage = run.shown.clip.footage if run.shown else None
        return bool(footage and footage.take)

    def _place(self, number: int) -> Place | None:
        run = self._runs[self._run(number)]
        take = self._take_of(run)
        place = take.place(self._frame(run, number)) if take else None
        return (take, *place) if take and place else None


def _ends(run: Run, number: int, way: int) -> tuple[int, int]:
    """The first and last frame of a run that play from `number` on in a direction."""
    first, last = run.start, run.start + run.length - 1
    if first <= number <= last:
        return (number, last) if way > 0 else (first, number)
    return first, last
