"""The frames that the player has in memory: as many as fit a bound, those it needs next first."""

from collections import OrderedDict
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from studio.spec.refusal import Refusal
from studio.ui.state.background import Background
from studio.ui.state.frames import FrameRequest

LIMIT = 256 * 2**20
"""Bytes of pictures in memory and on their way there.  What is read lies there a second time, as
an array, until it has become pictures: one part for each reader."""
READERS = 2


class FrameCache(QObject):
    """Spans as pictures by key.  What is requested is read elsewhere, the most urgent first; what
    was looked at least lately makes room.  Of a wish that has been changed only what is being read
    comes to its end.
    """

    arrived = Signal()
    failed = Signal(str, str)
    """A key, and why it cannot be read."""

    def __init__(self, read: Callable[[str], tuple[QImage, ...]], limit: int = LIMIT) -> None:
        super().__init__()
        self._read, self.limit = read, limit
        self._readers = Background(READERS)
        self._there: OrderedDict[str, tuple[QImage, ...]] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._requested: dict[str, int] = {}
        self._refused: set[str] = set()

    @property
    def held(self) -> int:
        """Bytes in memory and on their way there."""
        return sum(self._sizes.values())

    @property
    def is_reading(self) -> bool:
        """Whether something is on its way."""
        return len(self._sizes) > len(self._there)

    def get(self, key: str) -> tuple[QImage, ...] | None:
        """The pictures of a span, if they are in memory."""
        found = self._there.get(key)
        if found is not None:
            self._there.move_to_end(key)
        return found

    def put(self, key: str, pictures: tuple[QImage, ...]) -> None:
        """Keep what somebody has read already, as the only request."""
        size = sum(picture.sizeInBytes() for picture in pictures)
        self._refused.clear()  # another clip: maybe made again since
        self._requested = {key: size}
        self._has_room(size)
        self._there[key], self._sizes[key] = pictures, size

    def request(self, requests: Iterable[FrameRequest]) -> None:
        """Have these in memory, the first ones before all others, as many as fit the bound."""
        chosen: dict[str, int] = {}
        room = self.limit
        for key, size in requests:
            if key in chosen:
                continue
            if chosen and size > room:
                break
            chosen[key] = size
            room -= size
        self._requested = chosen
        self._begin()

    def close(self) -> None:
        """Read no more, and wait for what is being read."""
        self._requested = {}
        self._readers.close()
        self._there.clear()

    def _begin(self) -> None:
        for key, size in self._requested.items():
            if len(self._sizes) - len(self._there) >= READERS:
                return
            if key in self._sizes or key in self._refused:
                continue
            if not self._has_room(size):
                return  # until what is being read has come, and goes again
            self._sizes[key] = size
            self._readers.ask(
                lambda key=key: self._read(key),
                lambda pictures, key=key: self._come(key, pictures),
                lambda error, key=key: self._could_not(key, error),
                owner=self,
            )

    def _has_room(self, size: int) -> bool:
        """Evict what is not requested, as much as needed; one part may be over the bound."""
        for key in [key for key in self._there if key not in self._requested]:
            if self.held + size <= self.limit:
                break
            del self._there[key], self._sizes[key]
        return self.held + size <= self.limit or not self._sizes

    def _come(self, key: str, pictures: tuple[QImage, ...]) -> None:
        self._there[key] = pictures
        self._sizes[key] = sum(picture.sizeInBytes() for picture in pictures)
        self._has_room(0)
        self.arrived.emit()
        self._begin()

    def _could_not(self, key: str, error: Exception) -> None:
        del self._sizes[key]
        self._refused.add(key)
        reason = str(error) if isinstance(error, Refusal) else "Frames of this take cannot be read."
        self.failed.emit(key, reason)
        self._begin()
