"""Small pictures of frames for the timeline: read elsewhere, as many as fit a bound."""

from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from studio.ui.state.background import Background
from studio.ui.state.images import ImageLoader

HIGH = 128
"""Pixels: a usual track on a screen of scale 2."""
LIMIT = 64 * 2**20
"""Bytes of small pictures."""
Place = tuple[str, int]
"""The key of a span, and the number of a frame in there."""


class TimelinePictures(QObject):
    """Frames of spans; those that nobody asks for any more make room.

    Of what is asked for only the last list counts: what was scrolled past is not read.
    """

    arrived = Signal()

    def __init__(self, pictures: ImageLoader, limit: int = LIMIT) -> None:
        super().__init__()
        self._pictures, self._limit = pictures, limit
        self._reader = Background(1)
        self._there: OrderedDict[Place, QImage] = OrderedDict()
        self._wanted: dict[Place, None] = {}
        self._refused: set[str] = set()
        self._is_reading = False
        self.held = 0
        """Bytes in memory."""

    def get(self, place: Place) -> QImage | None:
        """A frame of a span, if it is in memory."""
        return self._there.get(place)

    def want(self, places: Sequence[Place]) -> None:
        """Have these in memory, and read nothing else that was asked for before."""
        self._wanted = dict.fromkeys(places)
        self._begin()

    def try_again(self) -> None:
        """Read what could not be read: it may have been made since."""
        self._refused.clear()

    def close(self) -> None:
        """Read no more, and wait for what is being read."""
        self._wanted = {}
        self._reader.close()
        self._there.clear()

    def _begin(self) -> None:
        missing = (p for p in self._wanted if p not in self._there and p[0] not in self._refused)
        place = None if self._is_reading else next(missing, None)
        if place is None or not self._has_room():
            return
        self._is_reading, key = True, place[0]
        numbers = [number for wanted, number in self._wanted if wanted == key]
        self._reader.ask(
            lambda: self._read(key, numbers), self._come, lambda _: self._could_not(key), owner=self
        )

    def _read(self, key: str, numbers: Sequence[int]) -> dict[Place, QImage]:
        frames = self._pictures.read(key)
        return {(key, n): _small(frames[min(n, len(frames) - 1)]) for n in numbers}

    def _has_room(self) -> bool:
        """Evict what is not asked for, the oldest first, as much as needed."""
        for place in [place for place in self._there if place not in self._wanted]:
            if self.held < self._limit:
                break
            self.held -= self._there.pop(place).sizeInBytes()
        return self.held < self._limit

    def _come(self, pictures: dict[Place, QImage]) -> None:
        self._is_reading = False
        for place in [place for place in pictures if place not in self._there]:
            self._there[place] = pictures[place]
            self.held += pictures[place].sizeInBytes()
        self.arrived.emit()
        self._begin()

    def _could_not(self, key: str) -> None:
        self._is_reading = False
        self._refused.add(key)
        self._begin()


def _small(picture: QImage) -> QImage:
    if picture.height() <= HIGH:
        return picture
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return picture.scaled(QSize(8 * HIGH, HIGH), keep, smooth)
