"""The queue as the window sees it: jobs, signals, and nothing that blocks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal, Slot

from studio.jobs.job import LANES, Handler, Job, State
from studio.jobs.job_store import JobStore
from studio.jobs.lane import Lane
from studio.jobs.preparation import Preparation
from studio.jobs.run import Outcome
from studio.spec.progress import Progress
from studio.spec.refusal import Refusal

DELIVER_MS = 50
"""Milliseconds between two deliveries of progress."""
POLL_MS = 500
"""Milliseconds between two looks for what other processes changed."""


class Queue(QObject):
    """Runs the job store's jobs on lanes; every public signal comes on the thread of the queue.

    The queue owns the job store: `close` closes it.  Widgets can be rebuilt at any time from
    `jobs`, `history`, `progress` and `paused`.
    """

    changed = Signal()
    """Some job was added, moved or changed its state, or a lane was paused or resumed."""
    progressed = Signal(int, object)
    """Job id and its latest `Progress`: about 20 times a second at most, and always the last."""
    finished = Signal(int, object)
    """Job id and what its work returned."""
    failed = Signal(int, str, str)
    """Job id, what happened, and a hint.  Id 0: the queue itself could not be written."""
    cancelled = Signal(int)
    """Job id."""

    _mailed = Signal()
    _started = Signal()
    _ended = Signal(object, object)
    _troubled = Signal(object)

    def __init__(
        self,
        job_store: JobStore,
        handlers: Mapping[str, Handler],
        lanes: Mapping[str, int] = LANES,
        parent: QObject | None = None,
    ) -> None:
        """Nothing runs before `start`.  `notice` says already what a crash interrupted."""
        super().__init__(parent)
        self._job_store = job_store
        self.runs_jobs = job_store.begin()
        self._known_paused = job_store.paused()
        self.preparation = Preparation()  # of the engine's lane
        self._lanes = {
            name: Lane(
                name, n, job_store, handlers, self, self.preparation if name == "engine" else None
            )
            for name, n in lanes.items()
        }
        self._guard = threading.Lock()
        self._mail: dict[int, tuple[Job, Progress]] = {}
        self._progress: dict[int, Progress] = {}
        self._delivered = 0.0
        self._signalled: dict[int, Job] = {}
        self._seen_changes = 0
        self._beat = QTimer(self, singleShot=True)
        self._look = QTimer(self, interval=POLL_MS)
        self._connect()

    def _connect(self) -> None:
        self._beat.timeout.connect(self._deliver)
        self._look.timeout.connect(self._look_around)
        queued = Qt.ConnectionType.QueuedConnection
        self._mailed.connect(self._collect, queued)
        self._started.connect(self.changed, queued)
        self._ended.connect(self._conclude, queued)
        self._troubled.connect(self._complain, queued)

    def start(self) -> None:
        """Start the lanes, unless another window of this user runs the jobs already."""
        self._seen_changes = self._job_store.changes()
        self._look.start()
        if self.runs_jobs:
            for lane in self._lanes.values():
                lane.start()

    def close(self, limit: float = 5.0) -> bool:
        """Stop everything within `limit` seconds; running jobs wait for the next start.

        False when a job did not come to its next tick in time: the next start sets it aside.
        """
        self._look.stop()
        self._beat.stop()
        for lane in self._lanes.values():
            lane.stop()
        until = time.monotonic() + limit
        ended = all(lane.join(until - time.monotonic()) for lane in self._lanes.values())
        QCoreApplication.sendPostedEvents(self)  # what finished meanwhile is still delivered
        if ended:
            self._job_store.close()
        return ended

    @property
    def notice(self) -> str:
        """What was running when the studio last ended uncleanly, as a sentence, or ""."""
        return self._job_store.notice

    @property
    def rows(self) -> JobStore:
        return self._job_store

    @property
    def damage(self) -> str:
        """That the queue was damaged and begins anew, as a sentence, or ""."""
        return self._job_store.damage

    def jobs(self) -> tuple[Job, ...]:
        """Unfinished jobs: those running first, then short ones, then in their order."""
        return self._job_store.jobs()

    def history(self, limit: int = 200) -> tuple[Job, ...]:
        """Finished jobs, the last to end first."""
        return self._job_store.history(limit)

    def job(self, id: int) -> Job:
        """The job with that id; KeyError where there is none.

        One whose progress or end is just being signalled is known, though it was removed meanwhile.
        """
        with suppress(KeyError):
            return self._job_store.job(id)
        return self._signalled[id]

    def progress(self, id: int) -> Progress | None:
        """The newest progress of a running job, or None."""
        return self._progress.get(id)

    def add(
        self,
        kind: str,
        title: str,
        payload: Mapping[str, object] | None = None,
        *,
        lane: str = "engine",
        short: bool = False,
    ) -> int:
        """A new job at the end of its lane; gives its id.  A short one cuts in."""
        id = self._job_store.add(kind, title, payload, lane=lane, short=short)
        self._tell()
        return id

    def cancel(self, id: int) -> None:
        """Stop a job for good, at its next tick if it runs; what it finished stays."""
        lane = self._lanes[self._job_store.job(id).lane]
        # it may start between the two
        self._change(lambda: lane.cancel(id) or self._job_store.cancel(id) or lane.cancel(id))

    def retry(self, id: int) -> None:
        """Do a failed, cancelled or set-aside job again, after those that wait."""
        self._change(lambda: self._job_store.retry(id))

    def duplicate(self, id: int) -> None:
        """The same job once more, after those that wait."""
        self._change(lambda: self._job_store.duplicate(id))

    def remove(self, id: int) -> None:
        """Forget a job that is not running."""
        self._change(lambda: self._job_store.remove(id))

    def clear(self) -> None:
        """Forget all jobs that are over."""
        self._change(self._job_store.clear)

    def move_before(self, id: int, other: int) -> None:
        """Put a waiting job right before another of its lane."""
        self._change(lambda: self._job_store.reorder(id, before=other))

    def move_after(self, id: int, other: int) -> None:
        """Put a waiting job right after another of its lane."""
        self._change(lambda: self._job_store.reorder(id, after=other))

    def hold(self, id: int) -> None:
        """Keep one waiting job from starting."""
        self._change(lambda: self._job_store.move(id, State.PAUSED))

    def release(self, id: int) -> None:
        """Let a held job start again."""
        self._change(lambda: self._job_store.move(id, State.WAITING))

    def pause(self, lane: str = "", *, now: bool = True) -> None:
        """Pause a lane (all, by default): at the running job's next tick, or after that job."""
        self._change(lambda: self._switch(self._job_store.pause, lane))
        for name in [lane] if lane else self._lanes:
            if now and self.paused(name):
                self._lanes[name].stop_running()

    def resume(self, lane: str = "") -> None:
        """Go on with a lane (all, by default).  Jobs set aside stay so until they are retried."""
        self._change(lambda: self._switch(self._job_store.resume, lane))

    def paused(self, lane: str = "engine") -> bool:
        """Whether a lane starts no further job."""
        return lane in self._known_paused

    def job_started(self, job: Job) -> None:
        """For the lanes, on their threads."""
        self._started.emit()

    def job_progressed(self, job: Job, progress: Progress) -> None:
        """For the lanes, on their threads: kept until the next beat; a preview is never lost."""
        with self._guard:
            first = not self._mail
            before = self._mail.get(job.id)
            if progress.preview is None and before is not None:
                progress = replace(progress, preview=before[1].preview)
            self._mail[job.id] = job, progress
        if first:
            self._mailed.emit()

    def job_ended(self, job: Job, outcome: Outcome) -> None:
        """For the lanes, on their threads."""
        self._ended.emit(job, outcome)

    def queue_troubled(self, refusal: Refusal) -> None:
        """For the lanes, on their threads."""
        self._troubled.emit(refusal)

    def _change(self, write: Callable[[], object]) -> None:
        """Write into the job store and signal it; what cannot be written is signalled as `failed`."""
        try:
            write()
        except Refusal as refusal:
            self._complain(refusal)
        self._tell()

    def _switch(self, lanes: Callable[[str], None], lane: str) -> None:
        lanes(lane)
        self._known_paused = self._job_store.paused()

    def _tell(self) -> None:
        for lane in self._lanes.values():
            lane.wake()
        self.changed.emit()

    @Slot()
    def _collect(self) -> None:
        wait = DELIVER_MS - 1000 * (time.monotonic() - self._delivered)
        if wait <= 0:
            self._deliver()
        elif not self._beat.isActive():
            self._beat.start(round(wait) + 1)

    @Slot()
    def _deliver(self) -> None:
        with self._guard:
            mail, self._mail = self._mail, {}
        self._delivered = time.monotonic()
        for id, (job, progress) in mail.items():
            self._signalled[id], self._progress[id] = job, progress
            self.progressed.emit(id, progress)

    @Slot(object, object)
    def _conclude(self, job: Job, outcome: Outcome) -> None:
        self._signalled[job.id] = job
        self._deliver()  # the last word of a job comes before its end
        self._progress.pop(job.id, None)
        self.changed.emit()
        if outcome.state is State.DONE:
            self.finished.emit(job.id, outcome.result)
        elif outcome.state is State.FAILED:
            self.failed.emit(job.id, outcome.what, outcome.hint)
        elif outcome.state is State.CANCELLED:
            self.cancelled.emit(job.id)
        self._signalled.pop(job.id, None)

    @Slot(object)
    def _complain(self, refusal: Refusal) -> None:
        self.failed.emit(0, refusal.what, refusal.hint)

    @Slot()
    def _look_around(self) -> None:
        """What the terminal did: `queue pause` stops what runs, `queue resume` goes on."""
        changes = self._job_store.changes()
        if changes == self._seen_changes:
            return
        self._seen_changes = changes
        paused = self._job_store.paused()
        for name in paused - self._known_paused:
            self._lanes[name].stop_running()
        self._known_paused = paused
        self._tell()
