"""The frames of a timeline as the player reads them: clip after clip, black where nothing plays."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

from studio.spec.timeline.playing import Run, runs
from studio.spec.timeline.timeline import Timeline
from studio.ui.state.blending import blend
from studio.ui.state.film_frames import FilmFrames
from studio.ui.state.frames import BOXED, CHANNELS, FrameRequest, Pictures
from studio.ui.state.timeline_lookup import TakeFrames

PROXY = 960
"""Pixels of the longer side of what plays of an imported film."""
AHEAD = 400
"""Parts that are asked for at most; how many of them fit, the cache knows."""
PARTS = 2**32
"""More than any take has parts."""
PER_CHUNK = 64
Place = tuple[TakeFrames, int, int]
"""A take, which of its parts, and the frame's number in there."""


class TimelineFrames:
    """What plays at each frame; `take` tells where a take's frames are, `look` which are in memory.

    Each is as large as the timeline's frame, black around what has another shape, exactly as an
    export has it; only what plays of an imported film is smaller, until the playhead stands on it.
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
        self._last: tuple[tuple, QImage] = ((), self._black)

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
        frame, share = self._mix(run, number, take)
        one = self._one(take, frame)
        other = self._one(take, frame + 1) if share and one is not None else None
        if one is None or not share:
            return one
        return None if other is None else self._mixed(one, other, share)

    def _one(self, take: TakeFrames, frame: int) -> QImage | None:
        """A frame of a medium; black where it is not stored, None where it is not in memory."""
        if (exact := self._exactly(take, frame)) is not None:
            return exact
        place = take.place(frame)
        if place is None:
            return self._black
        found = self._look(self._key(take, place[0]))
        return found[place[1]] if found and place[1] < len(found) else None

    def _mix(self, run: Run, number: int, take: TakeFrames) -> tuple[int, int]:
        """The frame of the medium that plays, and how much of the one after it, of 256."""
        footage = run.shown.clip.footage if run.shown else None
        assert run.shown is not None
        assert footage is not None
        frame, share = footage.mix(run.shown.number + number - run.start, self._timeline.rate)
        return frame, share if frame + 1 < take.count else 0

    def _mixed(self, one: QImage, other: QImage, share: int) -> QImage:
        """Two frames blended; the first alone while one of them is a film's own and one its proxy."""
        key = (one.cacheKey(), other.cacheKey(), share)
        if key != self._last[0]:
            picture = blend(one, other, share) if one.size() == other.size() else one
            self._last = (key, picture)
        return self._last[1]

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
            run = self._runs[self._run(number)]
            take = self._take_of(run)
            if take is None:
                made.append(self._black)
                continue
            frame, share = self._mix(run, number, take)
            one = self._loaded(take, frame)
            made.append(blend(one, self._loaded(take, frame + 1), share) if share else one)
        return tuple(made)

    def _loaded(self, take: TakeFrames, frame: int) -> QImage:
        """A frame as it is exported; black where it is not stored.  It reads the disk."""
        if isinstance(take, FilmFrames) and 0 <= frame < take.frames:
            key, inside = take.exact(frame)
            return self._load(key + self._box(take, self._size))[inside]
        place = take.place(frame)
        return self._load(self._key(take, place[0]))[place[1]] if place else self._black

    def part(self, number: int) -> int:
        if not self._runs:
            return 0
        at = self._run(number)
        place = self._place(number)
        if place is None:
            return at * PARTS
        if isinstance(place[0], FilmFrames):  # exact frames come by fewer than small ones
            exact = self._frame(self._runs[at], number) // place[0].together
            return at * PARTS + place[1] * PER_CHUNK + exact % PER_CHUNK
        return at * PARTS + place[1]

    def requests(self, number: int, speed: int, *, loop: bool) -> Iterator[FrameRequest]:
        """The part that is shown, exactly where it stands, those that play next, then those that
        played before."""
        if not speed:
            yield from self._exact_requests(number)
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

    def _exact_requests(self, number: int) -> Iterator[FrameRequest]:
        """The proxy of an imported film's frame, at once, and that frame as it is."""
        run = self._runs[self._run(number)] if self._runs else None
        take = self._take_of(run) if run else None
        if run is None or not isinstance(take, FilmFrames):
            return
        first, share = self._mix(run, number, take)
        for frame in (first, first + 1)[: 2 if share else 1]:
            if (place := take.place(frame)) is not None:
                yield self._request(take, place[0])
            if 0 <= frame < take.frames:
                key, _ = take.exact(frame)
                size = take.together * _bytes(self._size)
                yield FrameRequest(key + self._box(take, self._size), size)

    def _exactly(self, take: TakeFrames, frame: int) -> QImage | None:
        """A frame of an imported film as it is, where it is in memory."""
        if not isinstance(take, FilmFrames) or not 0 <= frame < take.frames:
            return None
        key, inside = take.exact(frame)
        found = self._look(key + self._box(take, self._size))
        return found[inside] if found and inside < len(found) else None

    def _key(self, take: TakeFrames, part: int) -> str:
        shown = self._shown_size(take)
        return take.parts[part].key + self._box(take, shown)

    def _request(self, take: TakeFrames, part: int) -> FrameRequest:
        size = take.parts[part].frames * _bytes(self._shown_size(take))
        return FrameRequest(self._key(take, part), size)

    def _shown_size(self, take: TakeFrames) -> QSize:
        """Of the frames in memory: a film's are no larger than its proxy."""
        longest = max(self._size.width(), self._size.height())
        if not isinstance(take, FilmFrames) or longest <= PROXY:
            return self._size
        return self._size * (PROXY / longest)

    def _box(self, take: TakeFrames, size: QSize) -> str:
        """What is added to a key where frames are not of that size by themselves."""
        exact = not isinstance(take, FilmFrames) and (take.width, take.height) == size.toTuple()
        return "" if exact else f"{BOXED}{size.width()}x{size.height()}"

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
        return self._take(footage.medium) if footage and footage.medium else None

    def _is_unknown(self, run: Run) -> bool:
        """Whether a take or file plays of which nothing is known yet."""
        footage = run.shown.clip.footage if run.shown else None
        return bool(footage and footage.medium)

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


def _bytes(size: QSize) -> int:
    """Of a frame, as Qt lays it out."""
    return size.height() * (-(-CHANNELS * size.width() // 4) * 4)
