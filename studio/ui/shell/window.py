"""The QMainWindow: docks and their places, restored at the next start; no other state."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QMouseEvent, QStatusTipEvent
from PySide6.QtWidgets import QMainWindow, QTabBar, QTabWidget, QWidget

from studio.ui.shell.blanks import blank, blank_strip
from studio.ui.shell.dock import Dock
from studio.ui.shell.whole_screen import WholeScreen
from studio.ui.shell.window_geometry import (
    around,
    brought_back,
    first_place,
    grown,
    is_pushed,
    normal_place,
)
from studio.ui.shell.window_state import WindowState
from studio.ui.widgets.controls import Panel
from studio.ui.widgets.theme import UNIT

VERSION = 1
LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
WIDTHS = {"Subjects": 296, "Shot": 352}
DOCKS = ("Subjects", "Takes", "Library", "Shot", "Timeline", "Queue")
REMEMBER_AFTER_MS = 1000


class Window(QMainWindow):
    """`press` gets the keys that no control wanted; `tipped` what controls say of themselves.

    `may_close` is asked before the window closes.
    """

    tipped = Signal(str)
    first_painted = Signal()
    closing = Signal()

    def __init__(
        self,
        top: QWidget,
        press: Callable[[QKeyEvent], bool],
        may_close: Callable[[], bool],
        memory: Path,
    ) -> None:
        super().__init__()
        self._press, self._may_close = press, may_close
        self._player, self._strip = blank("Player"), blank_strip()
        self._banner: QWidget | None = None
        self._memory = WindowState(memory)
        self._painted = False
        self._wished, self._on_line = dict(WIDTHS), False
        self.whole = WholeScreen(self, VERSION)
        self._arrange(top)
        self._first_state = self.saveState(VERSION)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REMEMBER_AFTER_MS)
        self._later.timeout.connect(self.remember)
        self._recall()
        self._watch_screens()
        for dock in self.docks.values():
            for moved in (dock.dockLocationChanged, dock.topLevelChanged, dock.visibilityChanged):
                moved.connect(self._moved)
        self._settle()

    def fill(self, place: str, room: QWidget) -> None:
        """Put a room, now that it is made, where its place was held for it."""
        if isinstance(room, Panel) and place in self.docks:
            self.docks[place].fill(room)
            self.docks[place].settle()
        elif isinstance(room, Panel):
            self._player = room
            self.setCentralWidget(room)
        else:
            self.statusBar().removeWidget(self._strip)
            self._strip.deleteLater()
            self._strip = room
            self.statusBar().addPermanentWidget(room, 1)

    def hang(self, banner: QWidget) -> None:
        """A line of messages over the player, which nothing can lie over."""
        self._banner = banner
        banner.setParent(self._player)
        for widget in (self._player, banner):
            widget.installEventFilter(self)
        QTimer.singleShot(0, self, self._narrow)

    def _narrow(self) -> None:
        """Beside an empty player Qt made the docks wider: give them the widths that are wished."""
        wide = {self.docks[n]: self._wished[n] for n in self._side_widths() if n in self._wished}
        self.resizeDocks(list(wide), list(wide.values()), Qt.Orientation.Horizontal)

    def arrange_as_at_first(self) -> None:
        self.restoreState(self._first_state, VERSION)
        self._wished = dict(WIDTHS)
        self._settle()
        self._widen()

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front and the focus to what it shows, never to a button that acts."""
        panel = self.docks[name].content if name in self.docks else self._player
        if name in self.docks:
            self.docks[name].show()
            self.docks[name].raise_()
        panel.main_view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def make_room(self, name: str, height: int) -> None:
        """Give a dock below the picture this height, unless it is higher; the picture pays for it."""
        dock = self.docks[name]
        if self.dockWidgetArea(dock) != BOTTOM or dock.isHidden() or dock.height() >= height:
            return
        others = [
            other for other in self.docks.values()
            if other is not dock and other.isVisible() and self.dockWidgetArea(other) == BOTTOM
        ]  # fmt: skip
        heights = [height, *(other.height() for other in others)]
        self.resizeDocks([dock, *others], heights, Qt.Orientation.Vertical)

    def remember(self) -> None:
        """Keep size and arrangement for the next start."""
        self._memory.keep(*self.whole.before, self._wished)

    def turn_whole(self) -> None:
        """Give the player the whole screen, or give everything its place again."""
        self.whole.turn(self._player.main_view)
        self._settle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._press(event):
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QStatusTipEvent):
            self.tipped.emit(event.tip())
            return True
        done = super().event(event)
        if isinstance(event, QMouseEvent):
            self._watch_line(event)
        return done

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        moves = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.LayoutRequest)
        if event.type() in moves:
            self._place_banner()
        return super().eventFilter(watched, event)

    def paintEvent(self, event) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self._fit_frame)
            QTimer.singleShot(0, self, self.first_painted.emit)

    def moveEvent(self, event) -> None:
        super().moveEvent(event)
        if self._painted and self._left_at:
            QTimer.singleShot(0, self, self._fit_frame)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._later.start()
        self.whole.resized()
        QTimer.singleShot(0, self, self._widen)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close():
            event.ignore()
            return
        self._later.stop()
        self.remember()
        self.closing.emit()
        super().closeEvent(event)

    def _arrange(self, top: QWidget) -> None:
        self.setMinimumSize(QSize(960, 600))
        self.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        self.setCorner(Qt.Corner.BottomLeftCorner, BOTTOM)
        self.setCorner(Qt.Corner.BottomRightCorner, BOTTOM)
        on_top = QTabWidget.TabPosition.North
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, on_top)
        self.setDocumentMode(True)
        self.setMenuWidget(top)
        self.setCentralWidget(self._player)
        self.docks = {name: Dock(name, blank(name), self) for name in DOCKS}
        self.addDockWidget(LEFT, self.docks["Subjects"])
        for name in ("Takes", "Library"):
            self.tabifyDockWidget(self.docks["Subjects"], self.docks[name])
        self.addDockWidget(RIGHT, self.docks["Shot"])
        self.addDockWidget(BOTTOM, self.docks["Timeline"])
        self.addDockWidget(BOTTOM, self.docks["Queue"])
        self.splitDockWidget(self.docks["Timeline"], self.docks["Queue"], Qt.Orientation.Vertical)
        self.docks["Subjects"].raise_()
        self.docks["Queue"].hide()
        sides = [self.docks[name] for name in WIDTHS]
        self.setGeometry(first_place(self.screen().availableGeometry()))
        self.resizeDocks(sides, list(WIDTHS.values()), Qt.Orientation.Horizontal)
        below = [self.docks["Timeline"], self.docks["Queue"]]
        self.resizeDocks(below, [1, 208], Qt.Orientation.Vertical)
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.addPermanentWidget(self._strip, 1)

    def _recall(self) -> None:
        geometry, state, widths = self._memory.kept()
        self._is_new = not self.restoreGeometry(geometry)
        self._left_at = normal_place(bytes(geometry.data()))
        self.restoreState(state, VERSION)
        self._wished |= widths
        self._bring_back()

    def _fit_frame(self) -> None:
        """Now that the system has made a frame: a new window lies on the screen with it, another one
        where it was left, for the frame was guessed when it was put there."""
        if self.isMaximized() or self.isFullScreen():
            return
        frame, free = self.frameGeometry(), self.screen().availableGeometry()
        if self._is_new:
            if self.size() == first_place(free).size() and not free.contains(frame):
                self.setGeometry(first_place(free, around(self.geometry(), frame)))
        elif self._left_at and is_pushed(self._left_at, self.geometry(), frame):
            self.setGeometry(self._left_at)
            self._left_at = None

    def _watch_screens(self) -> None:
        """A screen may go, or get smaller, while the window is on it."""
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.screenRemoved.connect(self._screens_changed)
        for screen in QGuiApplication.screens():
            screen.availableGeometryChanged.connect(self._screens_changed)

    def _screens_changed(self, *_: object) -> None:
        QTimer.singleShot(0, self, self._bring_back)

    def _bring_back(self) -> None:
        if self.isMaximized() or self.isFullScreen():
            return
        free = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        place = brought_back(self.geometry(), free)
        if place != self.geometry():
            self.setGeometry(place)

    def _side_widths(self) -> dict[str, int]:
        """How wide the docks beside the picture are, those behind a tab like the one before."""
        found = {}
        for name, dock in self.docks.items():
            beside = self.dockWidgetArea(dock) in (LEFT, RIGHT) and not dock.isFloating()
            if beside and dock.isVisible() and not dock.visibleRegion().isEmpty():
                behind = [d.objectName() for d in self.tabifiedDockWidgets(dock)]
                found |= dict.fromkeys([name, *behind], dock.width())
        return found

    def _watch_line(self, event: QMouseEvent) -> None:
        """Dragging the line between docks, which is no widget, sets the widths to keep."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self._on_line = self.childAt(event.position().toPoint()) is None
        elif event.type() == QEvent.Type.MouseButtonRelease and self._on_line:
            self._wished |= self._side_widths()

    def _widen(self) -> None:
        """Give docks that a small window squeezed their width back, as far as there is room."""
        player = self._player
        room = player.width() - player.minimumSizeHint().width()
        now = {n: w for n, w in self._side_widths().items() if self.docks[n].visibleRegion()}
        wanted = grown(now, self._wished, room)
        if wanted != now:
            docks = [self.docks[name] for name in wanted]
            self.resizeDocks(docks, list(wanted.values()), Qt.Orientation.Horizontal)

    def _place_banner(self) -> None:
        """Over the title of the player, where there is nothing to click or to type into."""
        banner, player = self._banner, self._player
        if banner is None:
            return
        wide = max(1, player.width() - UNIT)
        high = max(banner.heightForWidth(wide), banner.minimumSizeHint().height())
        banner.setGeometry(UNIT // 2, UNIT // 2, wide, high)
        banner.raise_()

    def _moved(self, *_: object) -> None:
        self._later.start()
        QTimer.singleShot(0, self, self._settle)

    def _settle(self) -> None:
        for dock in self.docks.values():
            dock.settle()
        for tabs in self.findChildren(QTabBar):
            tabs.setExpanding(False)
            tabs.setDrawBase(False)
            tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tabs.setAccessibleName("Panels")
