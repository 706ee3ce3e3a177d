"""One job at once and in the open, without queue or threads: how the terminal works."""

from collections.abc import Mapping

from studio.jobs.job import Handler, Job, State
from studio.spec.progress import Tick, silent


def run_once(
    handlers: Mapping[str, Handler],
    kind: str,
    payload: Mapping[str, object],
    *,
    title: str = "",
    tick: Tick = silent,
) -> object:
    """Do a job of `kind` now and give its result; `Refusal` and `Cancelled` pass through."""
    job = Job(0, kind, title or kind, payload, state=State.RUNNING)
    return handlers[kind](job, tick)
