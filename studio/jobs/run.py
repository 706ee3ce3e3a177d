"""One job in flight: its tick, how it is stopped, and how it ended."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from studio.jobs.job import Handler, Job, State
from studio.spec.progress import Cancelled, Progress
from studio.spec.refusal import Refusal

log = logging.getLogger(__name__)
HINT = "Try again; if it stays, please report it."


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: the state it leads to, why it failed, what it made.

    `detail` is the technical part of a failure, for a report; nothing that a user has to read.
    """

    state: State
    what: str = ""
    hint: str = ""
    result: object = None
    detail: str = ""


class Run:
    """A job being done on the thread that calls `perform`; any thread may call `stop`."""

    def __init__(
        self, job: Job, speak: Callable[[Job, Progress], None], between: Callable[[Run], None]
    ) -> None:
        """`between` is called inside each tick: it may ask the run to stop."""
        self.job = job
        self.news_seen = -1
        self._speak, self._between = speak, between
        self._stop: State | None = None

    def stop(self, leads_to: State) -> None:
        """Ask it to stop at its next tick.  Cancelling wins over pausing."""
        if self._stop is not State.CANCELLED:
            self._stop = leads_to

    @property
    def is_stopping(self) -> bool:
        """Whether it is to stop."""
        return self._stop is not None

    def tick(self, progress: Progress) -> None:
        """Report; raises `Cancelled` when the job is to stop."""
        self._check_stop()
        self._speak(self.job, progress)
        self._between(self)
        self._check_stop()

    def perform(self, handler: Handler) -> Outcome:
        """Do the job.  Whatever happens becomes an outcome, and no exception outlives this call:
        its frames would keep tensors alive."""
        try:
            self._check_stop()
            return Outcome(State.DONE, result=handler(self.job, self.tick))
        except Cancelled:
            return Outcome(self._stop or State.CANCELLED)
        except Refusal as error:
            _forget_frames(error)
            return Outcome(State.FAILED, error.what, error.hint)
        except BaseException as error:  # also SystemExit: the lane must go on
            detail = traceback.format_exc()
            log.error("%s failed:\n%s", self.job.title, detail)
            _forget_frames(error)
            what = f"{self.job.title} stopped because of a fault in the studio."
            return Outcome(State.FAILED, what, HINT, detail=detail)

    def _check_stop(self) -> None:
        if self._stop is not None:
            raise Cancelled


def _forget_frames(error: BaseException | None) -> None:
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
