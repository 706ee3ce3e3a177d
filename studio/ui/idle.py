"""Noticing that nobody types or moves the mouse."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer

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


class FirstIdle(QObject):
    """Calls `then` once, after `wait` milliseconds without a key, a mouse or a drag."""

    def __init__(self, wait: int, then: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._then = then
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(wait)
        self._timer.timeout.connect(self._fire)
        self._timer.start()
        app = QCoreApplication.instance()
        assert app is not None
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in BUSY and self._timer.isActive():
            self._timer.start()
        return False

    def _fire(self) -> None:
        app = QCoreApplication.instance()
        if app:
            app.removeEventFilter(self)
        self._then()
