"""Failed jobs on the banner: one sentence each, with a button that tries again."""

from PySide6.QtCore import QObject

from studio.jobs.job import State
from studio.jobs.queue import Queue
from studio.ui.shell.banner import Banner
from studio.ui.state.job_monitor import JobMonitor


class JobFailures(QObject):
    """Puts each failed job on the banner, until it is tried again or forgotten."""

    def __init__(self, queue: Queue, job_monitor: JobMonitor, banner: Banner) -> None:
        super().__init__(banner)
        self._queue, self._job_monitor, self._banner = queue, job_monitor, banner
        self._shown: dict[int, str] = {}
        queue.failed.connect(self._failed)
        queue.changed.connect(self._take_back)

    def _failed(self, id: int, what: str, hint: str) -> None:
        if not id:  # the queue itself
            self._banner.show_message(f"{what} {hint}".strip())
            return
        job = self._job_monitor.job(id)
        # a fault says which job it was; "try again" and "report it" are the buttons
        text = what if job.detail else f"{job.title}: {what} {hint}".strip()
        self._shown[id] = text
        self._banner.show_message(
            text, "Try again", lambda: self._try_again(id), details=job.detail
        )

    def _try_again(self, id: int) -> None:
        if any(job.id == id and job.state is State.FAILED for job in self._job_monitor.over):
            self._queue.retry(id)

    def _take_back(self) -> None:
        """A message about a job that is no longer a failed one."""
        failed = {job.id for job in self._job_monitor.over if job.state is State.FAILED}
        for id in [id for id in self._shown if id not in failed]:
            self._banner.withdraw(self._shown.pop(id))
