"""A panel in the window's frame of panels, with its heading."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from studio.ui.widgets.controls import Panel, label, row
from studio.ui.widgets.theme import UNIT


class Dock(QDockWidget):
    """A panel that can be moved; its heading makes way for the tab when it has one."""

    def __init__(self, name: str, content: Panel, window: QMainWindow) -> None:
        super().__init__(name, window)
        self._window, self.content = window, content
        self.setObjectName(name)
        content.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setWidget(content)
        heading = row(label(name, "title"), content.bar, gap=2 * UNIT)
        margins = (2 * UNIT, UNIT // 2 if content.bar else UNIT, 2 * UNIT, UNIT // 2)
        heading.layout().setContentsMargins(*margins)  # type: ignore[union-attr]
        self._heading, self._nothing = heading, QWidget(self)
        self._nothing.hide()
        self.setTitleBarWidget(heading)

    def settle(self) -> None:
        """Show the heading, unless a tab says the name already and there is nothing else in it."""
        tabbed = (
            not self.content.bar
            and bool(self._window.tabifiedDockWidgets(self))
            and not self.isFloating()
        )
        wanted = self._nothing if tabbed else self._heading
        if self.titleBarWidget() is not wanted:
            self.setTitleBarWidget(wanted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._window.keyPressEvent(event)  # a floating panel is a window of its own
