"""What of the timeline is painted with all that it shows: all of it, but for a zoom that goes on.

Where hundreds of clips are in sight, their pictures, names and keyframes take longer to paint than
a frame lasts.  So each step of a zoom paints them plain; once it has ended the rest comes strip by
strip from the left, one strip in each turn of the loop.
"""

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QRect, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from studio.ui.state.timeline_pictures import Place

SETTLE_MS = 80
"""After scrolling and zooming: until all of it is painted anew, and pictures in sight are asked for."""
STRIP = 320
"""Pixels of a strip."""
FAR = 1 << 24


class Settling(QObject):
    """Follows a view; what lies left of `sharp` is painted with all that it shows.

    `is_full` says whether more is in sight than can be painted in the time of a frame.
    """

    def __init__(self, view: QWidget, is_full: Callable[[], bool]) -> None:
        super().__init__(view)
        self._view, self._full, self._wanted = view, is_full, list[Place]()
        self._is_full = False
        self.sharp = FAR
        self._later = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._later.timeout.connect(self.begin)
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._go_on)

    @property
    def is_done(self) -> bool:
        """Whether all that is in sight has been painted so."""
        return self.sharp >= self._view.width() and not self._later.isActive()

    def zoom(self) -> None:
        """The zoom is another."""
        self._is_full = self._full()
        self._next.stop()
        self.sharp = 0 if self._is_full else FAR
        self._later.start()

    def wait(self) -> None:
        """Something has moved: paint all anew once it stands."""
        self._later.start()

    def begin(self) -> None:
        """It stands: paint all that is in sight, in strips where that is much."""
        self._later.stop()
        self._next.stop()
        self._wanted, self._is_full = [], self._full()
        if self._is_full:
            self.sharp = 0
            self._go_on()
        else:
            self.sharp = FAR
            self._view.update()

    def parts(self, event: QPaintEvent) -> Iterator[tuple[QRect, bool]]:
        """What is to be painted, and whether with all that it shows."""
        width = self._view.width()
        for part in event.region():  # type: ignore[attr-defined]  # Qt's own iteration
            # two narrow ones after scrolling, not all that lies between
            for side, sharp in ((QRect(0, 0, self.sharp, FAR), True),
                                (QRect(self.sharp, 0, width, FAR), False)):  # fmt: skip
                if side.intersects(part):
                    yield part.intersected(side), sharp

    def painted(self, event: QPaintEvent, seen: list[Place]) -> list[Place] | None:
        """After a painting in which these pictures were seen: all that are in sight, once known."""
        if self.sharp < FAR and self._is_full and not self._later.isActive():
            self._wanted += seen
            if event.region().intersects(self._strip()):
                if self.sharp >= self._view.width():
                    self.sharp = FAR
                    return self._wanted
                self._next.start()
            return None
        return seen if event.rect() == self._view.rect() else None

    def _go_on(self) -> None:
        self.sharp += STRIP
        self._view.update(self._strip())

    def _strip(self) -> QRect:
        """The last one that is to be painted."""
        return QRect(self.sharp - STRIP, 0, STRIP, self._view.height())
