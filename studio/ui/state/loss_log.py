"""The loss curve of a training, kept in the subject's folder and read back by the next window."""

import time
from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import QObject

from studio.jobs.job import Job, State
from studio.jobs.payloads import TrainingPayload
from studio.jobs.queue import Queue
from studio.project.subjects import SubjectStore
from studio.spec.progress import Progress
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background
from studio.ui.state.job_monitor import JobMonitor

EVERY = 30.0
"""Seconds between two writes while a training runs: so much of the curve a crash may cost."""


class LossLog(QObject):
    """Reads stored losses into the job monitor, and writes new ones while a training runs."""

    def __init__(
        self, subjects: SubjectStore, queue: Queue, job_monitor: JobMonitor, background: Background
    ) -> None:
        super().__init__()
        self._subjects, self._job_monitor, self._background = subjects, job_monitor, background
        self._recalled: set[int] = set()
        self._running: dict[int, str] = {}
        self._kept = time.monotonic()
        queue.changed.connect(self._follow)
        queue.progressed.connect(self._on_progress)

    def start(self) -> None:
        """Ask for what was kept of the trainings that wait."""
        self._follow()

    def close(self) -> None:
        """Write the losses so far, on this thread: the others are about to end."""
        for id in self._running:
            with suppress(Refusal):
                self._keep(id)()

    def _follow(self) -> None:
        jobs = {job.id: job for job in self._job_monitor.jobs if job.kind == "train_subject"}
        for id in jobs.keys() - self._recalled:
            self._recall(jobs[id])
        running = {id: _subject(j) for id, j in jobs.items() if j.state is State.RUNNING}
        for id in self._running.keys() - running.keys():
            self._background.ask(self._keep(id), failed=_ignored, owner=self)
        self._running = running

    def _recall(self, job: Job) -> None:
        self._recalled.add(job.id)
        ask, name = self._background.ask, _subject(job)
        arrived = lambda losses: self._job_monitor.recall(job.id, losses)  # noqa: E731
        ask(lambda: self._subjects.losses(name), arrived, _ignored, owner=self)

    def _on_progress(self, id: int, progress: Progress) -> None:
        if id in self._running and time.monotonic() - self._kept > EVERY:
            self._kept = time.monotonic()
            self._background.ask(self._keep(id), failed=_ignored, owner=self)

    def _keep(self, id: int) -> Callable[[], None]:
        name, losses = self._running[id], tuple(self._job_monitor.progress(id).losses)
        return lambda: self._subjects.keep_losses(name, losses)


def _subject(job: Job) -> str:
    return job.typed.subject if isinstance(job.typed, TrainingPayload) else ""


def _ignored(error: Exception) -> None:
    """A curve that cannot be written is no message: the subject may be removed, the disk full."""
    if not isinstance(error, Refusal):
        raise error
