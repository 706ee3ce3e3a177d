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
        self._window, self._heading = window, QWidget(self)
        self._nothing = QWidget(self)
        self._nothing.hide()
        self.setObjectName(name)
        self.fill(content)

    def fill(self, content: Panel) -> None:
        """Hold this panel, in place of the one before."""
        before, heading = (self.widget(), self._heading), self._headed(content)
        self.content, self._heading = content, heading
        content.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setWidget(content)
        self.setTitleBarWidget(heading)
        for each in before:
            if each is not None:
                each.hide()
                each.deleteLater()

    def _headed(self, content: Panel) -> QWidget:
        heading = row(label(self.objectName(), "title"), content.bar, gap=2 * UNIT)
        margins = (2 * UNIT, UNIT // 2 if content.bar else UNIT, 2 * UNIT, UNIT // 2)
        heading.layout().setContentsMargins(*margins)  # type: ignore[union-attr]
        return heading

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
