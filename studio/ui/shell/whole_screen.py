"""The player on the whole screen: everything else makes way, and comes back as it was."""

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget


class WholeScreen:
    """Hides the bars and docks of a window; what is kept of it meanwhile is how it was `before`."""

    def __init__(self, window: QMainWindow, version: int) -> None:
        self._window, self._version = window, version
        self._before: tuple[QByteArray, QByteArray] | None = None

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
            self._before = self.before
            for widget in (*bars, *window.findChildren(QDockWidget)):
                widget.hide()
            window.showFullScreen()
            focused.setFocus()
            return
        geometry, state = self._before
        self._before = None
        for widget in bars:
            widget.show()
        window.showNormal()
        window.restoreGeometry(geometry)
        window.restoreState(state, self._version)
