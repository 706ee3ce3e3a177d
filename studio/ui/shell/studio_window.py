"""One open project with its window, which is painted before what it shows is there.

The frame comes first: menus, headings, empty panels.  After the first paint all other modules are
imported, on another thread, and the rooms are made one by one, each put into its place.  Whatever
asks for a room before has all of it made at once.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog

from studio.project.store import ProjectStore
from studio.ui.shell.garbage import Garbage
from studio.ui.shell.steps import Step, Steps
from studio.ui.shell.top_bar import TopBar
from studio.ui.shell.window import Window
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import dress

UNPAINTED_MS = 3000
"""A window that is minimised from the start does its work all the same."""


class StudioWindow:
    """Made by the composition root alone; no view has a reference to it.

    Attributes that it has not are those of its `WiredRooms`.  `parts` gives what stands behind the
    rooms, by name, once it is needed.
    """

    def __init__(
        self,
        *,
        store: ProjectStore,
        scan: Callable[[], Any],
        shelve: Callable[[], Any],
        memory: Path,
        icons: Icons,
        parts: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.scan, self.shelve = scan, shelve
        self.is_closed = self._is_open = False
        self.next_project: Path | None = None
        self._store, self._icons, self._parts = store, icons, parts
        self._garbage, self._later = Garbage(), list[Callable[[], object]]()
        self.top = TopBar(store.project.name)
        self.window = Window(self.top, self._press, self._may_close, memory)
        dress(self.window, icons.theme)
        self.window.setWindowTitle(f"{store.project.name} · Studio")
        self.window.closing.connect(QApplication.quit)
        self._steps = Steps(self._made(), self.window)
        self._steps.failed.connect(QApplication.quit)

    def __getattr__(self, name: str) -> Any:
        """Something of the rooms, which are all there then."""
        if name.startswith("_of_") or "_steps" not in self.__dict__:
            raise AttributeError(name)
        self._finish()
        return getattr(self._of_rooms, name)

    @property
    def trouble(self) -> BaseException | None:
        """Why the rooms could not be made."""
        return self._steps.error

    def open(self) -> None:
        """Show the window, start the queue, show messages about both."""
        self._is_open = True
        self._garbage.start()
        self.window.show()
        if self._steps.is_done:
            self._begin()
        else:
            self.window.first_painted.connect(self._go_on)
            QTimer.singleShot(UNPAINTED_MS, self.window, self._go_on)

    def first_idle(self, wait: int, *steps: Callable[[], object]) -> None:
        """Do `steps` in the engine's lane once nobody has done anything for `wait` milliseconds.

        A job that comes earlier has the first of them done before it.
        """
        if self._steps.is_done:
            self._of_rooms.first_idle(wait, *steps, garbage=self._garbage)
        else:
            self._later.append(lambda: self.first_idle(wait, *steps))

    def close(self) -> None:
        """Stop threads and timers, save, delete: in the reverse order of construction."""
        self.is_closed = True
        if self._steps.has_begun and self.trouble is None:
            self._finish()
        for dialog in self.window.findChildren(QDialog):
            dialog.close()
        self.window.close()
        try:
            if self._steps.is_done:
                self._of_rooms.stop()
            else:
                self._store.close()
        finally:
            self._garbage.stop()
            self.window.deleteLater()
            if self._steps.is_done:
                self._of_rooms.delete()

    def _go_on(self) -> None:
        if not self.is_closed and self.window.isVisible():
            self._steps.start()

    def _finish(self) -> None:
        """Make all that is not there yet."""
        self._steps.finish()

    def _made(self) -> Iterator[Step]:
        """The rooms; in between, a turn of the loop."""
        yield _import_rooms
        from studio.ui.shell.wired_rooms import WiredRooms

        parts = self._parts()
        yield None
        self._of_rooms = rooms = WiredRooms(
            self.window, self.top, self._leave, store=self._store, icons=self._icons, **parts
        )
        yield None
        for _ in rooms.made():
            yield None
        if self._is_open:
            self._begin()

    def _begin(self) -> None:
        """What goes on while the window is open."""
        self._of_rooms.begin(lambda: self.scan(), lambda: self.shelve())
        later, self._later = self._later, []
        for each in later:
            QTimer.singleShot(0, self.window, each)

    def _leave(self, project: Path) -> None:
        """Close, for another project in place of this one."""
        if self.window.close():
            self.next_project = project

    def _press(self, event) -> bool:
        return self._steps.is_done and self._of_rooms.press(event)

    def _may_close(self) -> bool:
        return self.is_closed or not self._steps.is_done or self._of_rooms.may_close()


def _import_rooms() -> None:
    import studio.ui.shell.wired_rooms  # noqa: F401
