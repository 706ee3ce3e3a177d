"""Timelines to and from other programs, by the menu or dropped: OpenTimelineIO."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from studio.project.otio_files import SUFFIX, read_otio, write_otio
from studio.project.project import Project
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.status import Status
from studio.ui.widgets.input_dialogs import ask_for_timeline, ask_where_to_write

NAMED = 3
"""Things kept aside that are named."""


class TimelineExchange(QObject):
    """Reads and writes on another thread; what is read is one step that can be undone."""

    refused = Signal(str, str)

    def __init__(
        self, document: Document, background: Background, status: Status, window: QWidget
    ) -> None:
        super().__init__(window)
        self._document, self._background = document, background
        self._status, self._window = status, window

    def ask_out(self) -> None:
        """Ask where the timeline goes, and write it there."""
        name = f"{self._document.folder.name}{SUFFIX}"
        title, kind = "Export the timeline for other programs", f"OpenTimelineIO (*{SUFFIX})"
        ask_where_to_write(self._window, title, kind, name, self.write)

    def ask_in(self) -> None:
        """Ask for a timeline, and open it in the place of the one that is there."""
        ask_for_timeline(self._window, SUFFIX, self.read)

    def write(self, path: Path) -> None:
        """Write the timeline to a file."""
        path = path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)
        project = self._document.project
        done = lambda _: self._status.post(f"Exported to {path}.")  # noqa: E731
        self._do(lambda: write_otio(project, path), done)

    def read(self, path: Path) -> None:
        """Open a timeline from a file."""
        if self._document.read_only:
            self.refused.emit(self._document.only_read, "")
            return
        project = self._document.project
        self._do(lambda: read_otio(path, project), lambda found: self._become(path, *found))

    def _become(self, path: Path, read: Project, aside: tuple[str, ...]) -> None:
        self._document.change(lambda p: _with_timeline_of(p, read), "Open a timeline")
        kept = ", ".join(aside[:NAMED]) + (" and more" if len(aside) > NAMED else "")
        words = f" Kept aside, unknown here: {kept}." if aside else ""
        self._status.post(f"{path.name} is open.{words}")

    def _do(self, work: Callable, then: Callable) -> None:
        def could_not(error: Exception) -> None:
            if not isinstance(error, Refusal):
                raise error
            self.refused.emit(error.what, error.hint)

        self._background.ask(work, then, could_not, owner=self)


def _with_timeline_of(project: Project, read: Project) -> Project:
    return replace(project, timeline=read.timeline)
