"""How high the docks below the picture are: what one of them no longer needs is the picture's again."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

from studio.ui.shell.window import BOTTOM, Window

TIMELINE = 204
"""Pixels that a timeline takes at first: its tools, words, one track of pictures, sound."""


QUEUE, LEAST = 0.16, 120
"""What an open queue takes of the window's height, and pixels of it at least: two jobs and more."""


class DockHeights(QObject):
    """Follows the timeline, which may be empty, and the queue, which opens and closes."""

    def __init__(self, window: Window, is_empty: Callable[[], bool]) -> None:
        super().__init__(window)
        self._window, self._is_empty, self._before = window, is_empty, 0

    def settle(self) -> None:
        """A timeline with clips is higher than one with a hint alone, however high it was left."""
        if self._is_empty():
            self._set(1)
        else:
            self._window.make_room("Timeline", TIMELINE)

    def queue_turned(self, shown: bool) -> None:
        """The queue, when it opens, takes of the picture, and gives it back when it closes."""
        if shown:
            self._before = self._window.docks["Timeline"].height()
        QTimer.singleShot(0, self, self._open_queue if shown else self._close_queue)

    def _close_queue(self) -> None:
        least = 0 if self._is_empty() else TIMELINE  # a small window with a queue leaves it less
        self._set(max(self._before, least))

    def _open_queue(self) -> None:
        self.settle()
        self._window.make_room("Queue", max(LEAST, round(QUEUE * self._window.height())))

    def _set(self, high: int) -> None:
        dock = self._window.docks["Timeline"]
        if high and self._window.dockWidgetArea(dock) == BOTTOM and not dock.isHidden():
            self._window.resizeDocks([dock], [high], Qt.Orientation.Vertical)
