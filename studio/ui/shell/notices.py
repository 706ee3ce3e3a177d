"""Messages of the project as a whole on the banner: at the opening, and refusals."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, SignalInstance

from studio.jobs.job import State
from studio.jobs.queue import Queue
from studio.project.store import ProjectStore
from studio.ui.shell.banner import Banner
from studio.ui.shell.faults import listen_for_faults
from studio.ui.state.document import Document
from studio.ui.state.job_monitor import JobMonitor

WATCHED = "Here it can be watched, not changed."


class Notices(QObject):
    """Each is one sentence, with what can be done about it as a button."""

    def __init__(
        self,
        store: ProjectStore,
        document: Document,
        queue: Queue,
        job_monitor: JobMonitor,
        banner: Banner,
    ) -> None:
        super().__init__(banner)
        self._store, self._document = store, document
        self._queue, self._job_monitor, self._banner = queue, job_monitor, banner

    def show_at_opening(self) -> None:
        """What happened to the project or the queue while nobody looked; from now on faults too."""
        listen_for_faults(self._banner)
        why = self._document.only_read
        read_only = f"{why} {WATCHED}" if why else ""
        for notice in (self._store.notice, read_only, self._queue.damage):
            if notice:
                self._banner.show_message(notice)
        if self._queue.notice:
            self._banner.show_message(self._queue.notice, "Resume the queue", self._resume)

    def show_refusals(self, sources: Iterable[SignalInstance]) -> None:
        """Show whatever these signals refuse: what, and a hint."""
        for source in sources:
            source.connect(lambda what, hint: self._banner.show_message(f"{what} {hint}".strip()))

    def _resume(self) -> None:
        """Go on with what was interrupted too."""
        for job in self._job_monitor.jobs:
            if job.state is State.SET_ASIDE:
                self._queue.retry(job.id)
        self._queue.resume()
