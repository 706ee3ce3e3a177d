"""A lane: the worker threads that share one resource, and the jobs they take in turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Protocol

from studio.jobs.job import Handler, Job, State
from studio.jobs.job_store import JobStore
from studio.jobs.preparation import Preparation
from studio.jobs.run import Outcome, Run
from studio.spec.progress import Progress
from studio.spec.refusal import Refusal


class Listener(Protocol):
    """Who hears of a lane's jobs, on the lane's threads."""

    def job_started(self, job: Job) -> None: ...
    def job_progressed(self, job: Job, progress: Progress) -> None: ...
    def job_ended(self, job: Job, outcome: Outcome) -> None: ...
    def queue_troubled(self, refusal: Refusal) -> None: ...


class Lane:
    """`width` threads that do the job store's jobs of one lane, the short ones first.

    Pre-emptive between ticks: where all threads are busy and a short job waits, a long one stops at
    its next tick as for a pause and goes back to the head of the lane.  No job ever runs inside
    another one, so none computes on networks that another has altered.
    """

    def __init__(
        self,
        name: str,
        width: int,
        job_store: JobStore,
        handlers: Mapping[str, Handler],
        listener: Listener,
        preparation: Preparation | None = None,
    ) -> None:
        self.name = name
        self._job_store, self._handlers, self._listener = job_store, handlers, listener
        self._changed = threading.Condition()  # guards the two below
        self._news = 0
        self._closing = False
        # Guards the two below, and is held while the job store is written: `wake`, which the window
        # calls all the time, must not wait for the disk.
        self._taking = threading.Lock()
        self._running: dict[int, Run] = {}
        self._unsaved_outcomes: list[tuple[Job, Outcome]] = []
        self._preparation = preparation
        if preparation:
            preparation.wake = self.wake
        self._threads = [
            threading.Thread(target=self._loop, name=f"{name}-{n}", daemon=True)
            for n in range(width)
        ]

    def start(self) -> None:
        """Start taking jobs."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Look again: a job was added or the lane resumed."""
        with self._changed:
            self._news += 1
            self._changed.notify_all()

    def cancel(self, id: int) -> bool:
        """Ask a running job to stop for good; False when it does not run here."""
        with self._taking:
            run = self._running.get(id)
            if run is not None:
                run.stop(State.CANCELLED)
            return run is not None

    def stop_running(self) -> None:
        """Stop what runs at its next tick and put it back to the front ("pause now")."""
        with self._taking:
            for run in self._running.values():
                run.stop(State.WAITING)

    def stop(self) -> None:
        """Take no more jobs, and put back what runs.  Then `join`."""
        with self._changed:
            self._closing = True
        self.stop_running()
        self.wake()

    def join(self, limit: float) -> bool:
        """Wait up to `limit` seconds for the threads to end; False when one did not.

        A preparation under way (imports cannot be stopped) is waited for besides.
        """
        if self._preparation:
            self._preparation.drop()
        until = time.monotonic() + limit
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _loop(self) -> None:
        while True:
            with self._changed:
                news = self._news
            run = self._claimed()
            if run is not None:
                if self._preparation:
                    self._preparation.before_a_job()
                self._do(run)
                continue
            if self._preparation:
                self._preparation.when_idle()
            with self._changed:
                self._changed.wait_for(lambda news=news: self._news != news or self._closing)
                if self._closing:
                    return

    def _claimed(self) -> Run | None:
        # Claimed and entered in one go, so that no cancel or pause slips in between.
        with self._taking:
            if self._closing:
                return None
            try:
                self._flush_outcomes()
                job = self._job_store.next(self.name)
            except Refusal as refusal:
                self._listener.queue_troubled(refusal)
                return None
            if job is None:
                return None
            run = Run(job, self._listener.job_progressed, self._make_way)
            self._running[job.id] = run
            return run

    def _make_way(self, run: Run) -> None:
        """Stop a long job where a short one waits that no other thread is going to take."""
        if run.job.short or run.news_seen == self._news:
            return
        run.news_seen = self._news
        with self._taking:
            others = [other for other in self._running.values() if other is not run]
            busy = len(others) + 1 == len(self._threads)
            if busy and not any(other.job.short or other.is_stopping for other in others):
                try:
                    waits = self._job_store.has_short(self.name)
                except Refusal as refusal:
                    self._listener.queue_troubled(refusal)
                    return
                if waits:
                    run.stop(State.WAITING)

    def _do(self, run: Run) -> None:
        self._listener.job_started(run.job)
        outcome = run.perform(self._handlers.get(run.job.kind, _unknown))
        with self._taking:
            del self._running[run.job.id]
            self._unsaved_outcomes.append((run.job, outcome))
            try:
                self._flush_outcomes()
            except Refusal as refusal:  # it is written down as soon as the disk has room again
                self._listener.queue_troubled(refusal)
        self._listener.job_ended(run.job, outcome)

    def _flush_outcomes(self) -> None:
        """Write down how jobs ended."""
        while self._unsaved_outcomes:
            job, outcome = self._unsaved_outcomes[0]
            if outcome.state is State.WAITING:
                self._job_store.requeue(job.id)
            else:
                self._job_store.end(job.id, outcome)
            del self._unsaved_outcomes[0]


def _unknown(job: Job, _: object) -> object:
    raise Refusal(
        f"This studio does not know how to do “{job.title}”.", "It may need a newer version."
    )
