"""The bins of the open project and of the subjects: emptied after a month, or for good at a word."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.jobs.forgetting import forget_subject, forgotten
from studio.jobs.queue import Queue
from studio.project.forgetting import Forgotten, remove_made, without_subject
from studio.project.store import ProjectStore
from studio.project.subjects import SubjectStore
from studio.project.takes import TakeStore
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background
from studio.ui.state.document import Document


class Bins(QObject):
    """What is deleted for good is taken out of undo, too."""

    refused = Signal(str, str)
    forgot = Signal(str)

    def __init__(
        self,
        store: ProjectStore,
        subjects: SubjectStore,
        span_results: TakeStore,
        document: Document,
        queue: Queue,
        background: Background,
        projects: Callable[[], Sequence[Path]] = tuple,
    ) -> None:
        """`projects` are the folders of others that are known."""
        super().__init__()
        self._store, self._subjects, self._span_results = store, subjects, span_results
        self._document, self._queue, self._background = document, queue, background
        self._projects = projects

    def start(self) -> None:
        """Let go of what has been in the bins for a month."""
        before, after = self._store.project, self._document.project
        if before.renders != after.renders and not self._document.read_only:
            folder, takes = self._store.folder, self._span_results
            self._background.ask(lambda: remove_made(folder, takes, before, after, ()), owner=self)
        self._background.ask(self._expire, self._expired, owner=self)

    def forget(self, binned: str) -> None:
        """Delete a subject of the bin for good, and everything that is known of it."""
        subjects = self._subjects
        self._background.ask(
            lambda: forgotten(subjects, binned),
            lambda who: self._forget(who, binned),
            self._could_not,
            owner=self,
        )

    def _forget(self, who: Forgotten, binned: str) -> None:
        if self._document.read_only:
            self.refused.emit(self._document.only_read, "Delete the subject where it is open.")
            return
        before = self._document.project
        self._document.keep(lambda project: without_subject(project, who))
        try:
            self._document.save_here()
        except Refusal as refusal:
            self.refused.emit(refusal.what, refusal.hint)
            return
        subjects, rows, opened = self._subjects, self._queue.rows, (self._store, before)
        others = tuple(self._projects())

        def gone(_: object) -> None:
            self._queue.changed.emit()
            self._document.read_subjects()
            self.forgot.emit(binned)

        self._background.ask(
            lambda: forget_subject(subjects, who, binned, rows, others, opened),
            gone,
            self._could_not,
            owner=self,
        )

    def _expire(self) -> bool:
        gone = self._subjects.expired()
        for name in gone:
            self._subjects.delete(name)
        return bool(gone)

    def _expired(self, any_gone: bool) -> None:
        if any_gone:
            self._document.read_subjects()

    def _could_not(self, error: Exception) -> None:
        if not isinstance(error, Refusal):
            raise error
        self._queue.changed.emit()
        self._document.read_subjects()
        self.refused.emit(error.what, error.hint)
