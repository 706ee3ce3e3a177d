"""The player on the whole screen: everything else makes way, and comes back as it was."""

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

AT_MOST_MS = 1000
"""Within which a window is its old size again."""


class WholeScreen:
    """Hides the bars and docks of a window; what is kept of it meanwhile is how it was `before`."""

    def __init__(self, window: QMainWindow, version: int) -> None:
        self._window, self._version = window, version
        self._before: tuple[QByteArray, QByteArray] | None = None
        self._size_before = Qt.WindowState.WindowNoState
        self._again: QByteArray | None = None

    @property
    def is_on(self) -> bool:
        return self._before is not None

    @property
    def before(self) -> tuple[QByteArray, QByteArray]:
        """Geometry and state of the window without it."""
        window = self._window
        return self._before or (window.saveGeometry(), window.saveState(self._version))

    def turn(self, focused: QWidget) -> None:
        """Turn it on, with the focus on this, or off."""
        window = self._window
        bars = [bar for bar in (window.menuWidget(), window.statusBar()) if bar is not None]
        if self._before is None:
            self._before, self._size_before = self.before, window.windowState()
            for widget in (*bars, *window.findChildren(QDockWidget)):
                widget.hide()
            window.showFullScreen()
            focused.setFocus()
            return
        state = self._before[1]
        self._before = None
        for widget in bars:
            widget.show()
        window.setWindowState(self._size_before)
        window.restoreState(state, self._version)
        self._again = state
        QTimer.singleShot(AT_MOST_MS, window, self._forget)

    def resized(self) -> None:
        """Some systems make the window small again later: what its docks took was cut to fit then."""
        if self._again is not None and not self._window.isFullScreen():
            self._window.restoreState(self._again, self._version)

    def _forget(self) -> None:
        self._again = None
