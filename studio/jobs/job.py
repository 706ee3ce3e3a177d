"""A job: one piece of long work that the user ordered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from studio.spec.progress import Tick

LANES: Mapping[str, int] = {"engine": 1, "encode": 2, "disk": 2, "network": 4}
"""Lanes by the resource that their jobs share, and how many run at once in each."""


class State(StrEnum):
    """Where a job is in its life."""

    WAITING = "waiting"
    PAUSED = "paused"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SET_ASIDE = "set_aside"


MOVES: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.RUNNING, State.PAUSED, State.CANCELLED}),
    State.PAUSED: frozenset({State.WAITING, State.CANCELLED}),
    State.RUNNING: frozenset(
        {State.DONE, State.FAILED, State.CANCELLED, State.WAITING, State.SET_ASIDE}
    ),
    State.SET_ASIDE: frozenset({State.WAITING, State.CANCELLED}),
    State.FAILED: frozenset({State.WAITING}),
    State.CANCELLED: frozenset({State.WAITING}),
    State.DONE: frozenset(),
}
"""Every move a job can make.  Running to waiting is "pause now"; done work is duplicated."""

UNREADABLE = "unreadable"
"""The kind of a job of which nothing but its place in the queue can be read."""
UNFINISHED = (State.RUNNING, State.WAITING, State.PAUSED, State.SET_ASIDE)
FINISHED = (State.DONE, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the queue knows it.

    `kind` chooses the work; `payload` is plain JSON data for it, and `typed` the same as typed data
    (`studio.jobs.payloads`), None where that kind takes none or this does not fit; a `short`
    job cuts in at a long job's next tick on the same lane.  `what` and `hint` say why it failed, and `detail` the
    technical part of it; `result` is what the work returned, where that is plain JSON data.
    """

    id: int
    kind: str
    title: str
    payload: Mapping[str, object] = field(default_factory=dict, hash=False)
    lane: str = "engine"
    short: bool = False
    state: State = State.WAITING
    what: str = ""
    hint: str = ""
    result: object = field(default=None, hash=False)
    detail: str = ""
    typed: object = field(default=None, compare=False, repr=False)


Handler = Callable[[Job, Tick], object]
"""What does a job: reports through the tick, which may raise `Cancelled`; returns a result."""
