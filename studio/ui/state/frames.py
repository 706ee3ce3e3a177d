"""Frames that play, of which maybe only a part is in memory at a time."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

Pictures = tuple[QImage, ...]
CHANNELS = 3
FILM = "film:"
"""How keys of parts of imported films begin (`studio.ui.state.film_frames`)."""
BOXED = "@"
"""What stands in a key before the size into which its frames are put."""


class Frames(Protocol):
    """A clip's frames by number, 0 to `len` - 1; `size` is that of the frames as they are stored.

    All but `read` belong to the window's thread and never wait.
    """

    @property
    def size(self) -> QSize: ...

    def __len__(self) -> int: ...

    def at(self, number: int) -> QImage | None:
        """A frame to look at, maybe smaller than `size`; None where it is not in memory."""
        ...

    def near(self, number: int) -> QImage:
        """That frame, or the nearest in memory; a null image where there is none."""
        ...

    def read(self, first: int, count: int = 1) -> Pictures:
        """Frames in their own size.  It reads the disk: call it elsewhere.  Raises `Refusal`."""
        ...

    def part(self, number: int) -> int:
        """Which part, of those that come into memory as one, a frame belongs to."""
        ...

    def requests(self, number: int, speed: int, *, loop: bool) -> "Iterator[FrameRequest]":
        """The parts that should be in memory when `number` is shown, the most urgent first."""
        ...


class FrameRequest(NamedTuple):
    """The key of a part and the bytes that it takes."""

    key: str
    size: int


class Loaded:
    """A few frames that are all in memory: previews and tiles."""

    def __init__(self, pictures: Sequence[QImage]) -> None:
        self._pictures = tuple(pictures)

    @property
    def size(self) -> QSize:
        return self._pictures[0].size() if self._pictures else QSize()

    def __len__(self) -> int:
        return len(self._pictures)

    def at(self, number: int) -> QImage | None:
        return self._pictures[number] if 0 <= number < len(self._pictures) else None

    def near(self, number: int) -> QImage:
        return self.at(min(max(0, number), len(self) - 1)) or QImage()

    def read(self, first: int, count: int = 1) -> Pictures:
        return self._pictures[first : first + count]

    def part(self, number: int) -> int:
        return 0

    def requests(self, number: int, speed: int, *, loop: bool) -> Iterator[FrameRequest]:
        return iter(())


class Part(NamedTuple):
    """A stored span: its key, and how many frames it holds."""

    key: str
    frames: int


class Stored:
    """The frames of finished spans: `look` tells which are in memory, `load` reads a span."""

    def __init__(
        self,
        parts: Sequence[Part],
        size: QSize,
        look: Callable[[str], Pictures | None],
        load: Callable[[str], Pictures],
    ) -> None:
        self._parts, self._size = tuple(parts), size
        self._look, self._load = look, load
        self._ends = tuple(accumulate(part.frames for part in self._parts))

    @property
    def size(self) -> QSize:
        return self._size

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def at(self, number: int) -> QImage | None:
        if not 0 <= number < len(self):
            return None
        part = self.part(number)
        found, place = self._look(self._parts[part].key), number - self._start(part)
        return found[place] if found and place < len(found) else None

    def near(self, number: int) -> QImage:
        exact = self.at(number)
        if exact is not None or not len(self):
            return exact or QImage()
        here = self.part(min(max(0, number), len(self) - 1))
        for far in range(1, len(self._parts)):
            for part in (here - far, here + far):
                if 0 <= part < len(self._parts) and (found := self._look(self._parts[part].key)):
                    return found[-1 if part < here else 0]
        return QImage()

    def read(self, first: int, count: int = 1) -> Pictures:
        wanted = range(first, min(first + count, len(self)))
        made: list[QImage] = []
        for part in range(self.part(wanted[0]), self.part(wanted[-1]) + 1) if wanted else ():
            start = self._start(part)
            made += [
                picture
                for number, picture in enumerate(self._load(self._parts[part].key), start)
                if number in wanted
            ]
        return tuple(made)

    def part(self, number: int) -> int:
        return min(bisect_right(self._ends, number), max(0, len(self._parts) - 1))

    def requests(self, number: int, speed: int, *, loop: bool) -> Iterator[FrameRequest]:
        """The part that is shown, those that play next, and one that was played just now."""
        count, here = len(self._parts), self.part(number)
        way = -1 if speed < 0 else 1
        for step in range(count):
            yield from self._wish(here + way * step, loop=loop)
            if step == 1:
                yield from self._wish(here - way, loop=loop)
        for step in range(1, count):
            yield from self._wish(here - way * step, loop=loop)

    def _wish(self, part: int, *, loop: bool) -> Iterator[FrameRequest]:
        count = len(self._parts)
        if 0 <= part < count or loop:
            key, frames = self._parts[part % count]
            line = -(-CHANNELS * self._size.width() // 4) * 4  # as Qt lays it out
            yield FrameRequest(key, frames * self._size.height() * line)

    def _start(self, part: int) -> int:
        return self._ends[part] - self._parts[part].frames
