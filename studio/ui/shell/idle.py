"""Noticing that nobody types, moves the mouse, or holds something with it."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

BUSY = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.Wheel,
        QEvent.Type.DragEnter,
        QEvent.Type.DragMove,
        QEvent.Type.InputMethod,
    }
)
DRAGGED = {
    QEvent.Type.DragEnter: True,
    QEvent.Type.DragMove: True,
    QEvent.Type.DragLeave: False,
    QEvent.Type.Drop: False,
}


class FirstIdle(QObject):
    """Calls `then` once, after `wait` milliseconds without a key, a mouse or a drag.

    A button that is held down, or something that is held over the window, is no rest.
    """

    def __init__(self, wait: int, then: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._then: Callable[[], object] | None = then
        self._dragged = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(wait)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        app = QCoreApplication.instance()
        assert app is not None
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        self._dragged = DRAGGED.get(kind, self._dragged)
        if kind in BUSY and self._timer.isActive():
            self._timer.start()
        return False

    def now(self) -> None:
        """Wait no longer: somebody needs it."""
        then, self._then = self._then, None
        if then is None:
            return
        self._timer.stop()
        app = QCoreApplication.instance()
        if app:
            app.removeEventFilter(self)
        then()

    def _look(self) -> None:
        if self._dragged or QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._timer.start()
        else:
            self.now()
