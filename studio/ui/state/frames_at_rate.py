"""Frames of a clip at another clip's rate, so that both show the same time together."""

from collections.abc import Iterator
from fractions import Fraction

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from studio.ui.state.frames import FrameRequest, Frames, Pictures


class AtRate:
    """`step` frames of a clip pass in one of these; its last one stands at its end, until `length`
    of them have passed."""

    def __init__(self, frames: Frames, step: Fraction, length: int) -> None:
        self._frames, self._step, self._length = frames, step, length

    @property
    def size(self) -> QSize:
        return self._frames.size

    def __len__(self) -> int:
        return self._length

    def at(self, number: int) -> QImage | None:
        return self._frames.at(self._number(number)) if 0 <= number < self._length else None

    def near(self, number: int) -> QImage:
        return self._frames.near(self._number(number))

    def read(self, first: int, count: int = 1) -> Pictures:
        numbers = range(max(0, first), min(first + count, self._length))
        return tuple(self._frames.read(self._number(number))[0] for number in numbers)

    def part(self, number: int) -> int:
        return self._frames.part(self._number(number))

    def requests(self, number: int, speed: int, *, loop: bool) -> Iterator[FrameRequest]:
        yield from self._frames.requests(self._number(number), speed, loop=loop)

    def _number(self, number: int) -> int:
        """The frame of the clip that is shown then: the nearest in time."""
        nearest = (number * self._step + Fraction(1, 2)).__floor__()
        return min(max(0, nearest), max(0, len(self._frames) - 1))


def together(clips: list[tuple[Frames, Fraction]]) -> tuple[tuple[AtRate, ...], Fraction]:
    """Clips, each with its rate, at the fastest rate among them and as long as the longest."""
    rate = max(fps for _, fps in clips)
    length = max(((len(frames) - 1) / fps * rate).__floor__() + 1 for frames, fps in clips)
    return tuple(AtRate(frames, fps / rate, length) for frames, fps in clips), rate
