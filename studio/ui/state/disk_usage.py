"""The space that frames take on the disk: measured, shown, and kept within a bound."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from studio.jobs.job import State
from studio.jobs.queue import Queue
from studio.project.disk_classes import Classes, classes_of, drop_files
from studio.project.remembered import Remembered
from studio.project.store import ProjectStore
from studio.project.takes import TakeStore, Usage
from studio.project.tidying import tidy
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.selection import Selection

QUIET_MS = 3000
"""Milliseconds without news from the queue that make a moment quiet."""


class DiskUsage(QObject):
    """Looks at the takes in a quiet moment after each job; drops the oldest frames over `limit`.

    Latents stay, so that dropped frames can be made again.  What the player shows is kept.
    """

    changed = Signal()
    refused = Signal(str, str)

    def __init__(
        self,
        store: ProjectStore,
        span_results: TakeStore,
        document: Document,
        queue: Queue,
        selection: Selection,
        background: Background,
        remembered: Remembered,
        subjects: Path,
    ) -> None:
        super().__init__()
        self._remembered, self._subjects = remembered, subjects
        self._store, self._span_results, self._background = store, span_results, background
        self._document, self._queue, self._selection = document, queue, selection
        self.limit = remembered.derived_bytes()
        self.usage: Usage | None = None
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self._look)
        queue.changed.connect(self._quiet.start)

    def start(self) -> None:
        """Measure soon; later every job is followed by a look."""
        self._quiet.start()

    def stop(self) -> None:
        self._quiet.stop()

    def set_limit(self, limit: int) -> None:
        """Keep frames within so many bytes from now on; `refused` where that cannot be."""
        try:
            self._remembered.set_derived_bytes(limit)
        except Refusal as refusal:
            self.refused.emit(refusal.what, refusal.hint)
            return
        self.limit = limit
        self.changed.emit()
        self._quiet.start()

    def classes(self, then: Callable[[Classes], None], *, owner: QObject) -> None:
        """Measure the project, and the subjects with it, by the three classes of files."""
        folder, takes, subjects = self._store.folder, self._span_results, self._subjects
        self._background.ask(lambda: classes_of(folder, takes, subjects), then, owner=owner)

    def _look(self) -> None:
        if any(job.state is State.RUNNING for job in self._queue.jobs()):
            return  # its end is news
        shown, limit = self._shown(), self.limit
        self._background.ask(lambda: self._tidied(limit, shown), self._arrived, owner=self)

    def _shown(self) -> tuple[str, ...]:
        renders = self._document.project.renders
        return next((r.spans for r in renders if r.id == self._selection.take), ())

    def _tidied(self, limit: int, keep: tuple[str, ...]) -> Usage:
        """Not on the window's thread.  While others have the project open nothing is dropped."""
        tidy(self._span_results, self._store.alone(), limit, keep)
        usage = self._span_results.usage()
        drop_files(self._store.folder, max(0, limit - usage.derived))
        return usage

    def _arrived(self, usage: Usage) -> None:
        if usage != self.usage:
            self.usage = usage
            self.changed.emit()
