"""The space that frames take on the disk: measured, shown, and kept within a bound."""

from PySide6.QtCore import QObject, QTimer, Signal

from studio.jobs.job import State
from studio.jobs.queue import Queue
from studio.project.store import ProjectStore
from studio.project.takes import DERIVED_BYTES, TakeStore, Usage
from studio.project.tidying import tidy
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

    def __init__(
        self,
        store: ProjectStore,
        span_results: TakeStore,
        document: Document,
        queue: Queue,
        selection: Selection,
        background: Background,
    ) -> None:
        super().__init__()
        self._store, self._span_results, self._background = store, span_results, background
        self._document, self._queue, self._selection = document, queue, selection
        self.limit = DERIVED_BYTES
        self.usage: Usage | None = None
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self._look)
        queue.changed.connect(self._quiet.start)

    def start(self) -> None:
        """Measure soon; later every job is followed by a look."""
        self._quiet.start()

    def stop(self) -> None:
        self._quiet.stop()

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
        return self._span_results.usage()

    def _arrived(self, usage: Usage) -> None:
        if usage != self.usage:
            self.usage = usage
            self.changed.emit()
