"""Progress of the running jobs: step, pace, losses, previews, and time left."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from studio.jobs.job import Job, State
from studio.jobs.queue import Queue
from studio.spec.progress import Preview, Progress
from studio.spec.quantities import duration, time_left

KEPT_LOSSES = 4000
KEPT_FINISHED = 40


@dataclass
class JobProgress:
    """One job as watched: `began` and `first` anchor the pace of the stage it is in; `needs` are
    the seconds that its stages are expected to take.  `started` and `ended` are seconds since 1970, 0
    where it was not watched."""

    stage: str = ""
    began: float = 0.0
    first: int = 0
    last: Progress | None = None
    losses: list[tuple[int, float]] = field(default_factory=list)
    still: Preview | None = None
    moving: Preview | None = None
    note: str = ""
    started: float = 0.0
    ended: float = 0.0
    needs: Mapping[str, float | None] = field(default_factory=dict)


class JobMonitor(QObject):
    """Collects the queue's progress signals, so that a view can be built at any time.

    `jobs` (unfinished, in order) and `over` (newest first) are read from the queue's database once
    per change, not once per view.  Made before the views, so that its slots run before theirs.
    """

    recalled = Signal(int)
    """Job id."""

    def __init__(self, queue: Queue) -> None:
        super().__init__()
        self._queue = queue
        self._progress: dict[int, JobProgress] = {}
        self._running: set[int] = set()
        self.jobs: tuple[Job, ...] = ()
        self.over: tuple[Job, ...] = ()
        self._look()
        queue.changed.connect(self._look)
        queue.progressed.connect(self._on_progress)

    def job(self, id: int) -> Job:
        """The job with that id; KeyError where there is none."""
        known = (job for job in (*self.jobs, *self.over) if job.id == id)
        return next(known, None) or self._queue.job(id)

    def progress(self, job: int) -> JobProgress:
        return self._progress.setdefault(job, JobProgress())

    def fraction(self, job: int) -> float:
        """How much of its present stage a job has done, 0..1."""
        last = self.progress(job).last
        return last.step / last.total if last and last.total else 0.0

    def seconds_left(self, job: int) -> float | None:
        """Time left in the present stage at the pace so far; None while nobody can know."""
        known = self.progress(job)
        if not known.last or known.last.step - known.first < 2:
            return None
        each = (time.monotonic() - known.began) / (known.last.step - known.first)
        return each * (known.last.total - known.last.step)

    def expect(self, job: int, needs: Mapping[str, float | None]) -> None:
        """What is still missing of a job's stages will take so many seconds; None is not known."""
        self.progress(job).needs = needs

    def all_left(self, job: int) -> float | None:
        """Time left until the job is done, through all its stages; None while nobody can know."""
        known, now = self.progress(job), self.seconds_left(job)
        later = [needed for stage, needed in known.needs.items() if stage != known.stage]
        later.append(known.last.later if known.last else 0.0)
        known = [needed for needed in later if needed is not None]
        return None if now is None or len(known) < len(later) else now + sum(known)

    def left(self, job: int) -> str:
        """ "8 s left" of the whole job, or of its present stage, said so, where no more is known."""
        stage, whole = self.seconds_left(job), self.all_left(job)
        if stage is None or whole is not None:
            return time_left(whole)
        return f"{duration(stage)} left of this stage"

    def recall(self, job: int, losses: Sequence[tuple[int, float]]) -> None:
        """Put (step, loss) pairs from an earlier window before those of this one."""
        kept = self.progress(job).losses
        kept[:0] = [loss for loss in losses if not kept or loss[0] < kept[0][0]]
        self.recalled.emit(job)

    def _look(self) -> None:
        self.jobs, self.over = self._queue.jobs(), self._queue.history(KEPT_FINISHED)
        running = {job.id for job in self.jobs if job.state is State.RUNNING}
        for id in running - self._running:
            self.progress(id).started, self.progress(id).ended = time.time(), 0.0
        for id in self._running - running:
            self.progress(id).ended = time.time()
        self._running = running

    def _on_progress(self, job: int, progress: Progress) -> None:
        known = self.progress(job)
        if progress.stage != known.stage or (known.last and progress.step < known.last.step):
            known.stage, known.began, known.first = progress.stage, time.monotonic(), progress.step
        known.last = progress
        if progress.note.endswith("."):  # a sentence, not the name of a part or a photo
            known.note = progress.note
        if progress.loss is not None:
            while known.losses and known.losses[-1][0] >= progress.step:
                known.losses.pop()  # it went on from a checkpoint, or began anew
            known.losses.append((progress.step, progress.loss))
            if len(known.losses) > KEPT_LOSSES:
                del known.losses[::2]
        if progress.preview:
            self._keep(known, progress.preview)

    @staticmethod
    def _keep(known: JobProgress, preview: Preview) -> None:
        if preview.frames > 1:
            known.moving = preview
        else:
            known.still = preview
