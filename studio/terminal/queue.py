"""`queue …`: look at the jobs of the window, pause and resume them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.jobs.job import Job
from studio.terminal.session import Session
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from studio.jobs.ledger import Ledger


def list_all(said: Namespace, session: Session) -> Answer:
    """The unfinished jobs in their order."""
    if not session.folders.queue.is_file():
        return Answer("The queue is empty.", {"jobs": [], "paused": []})
    return _with_ledger(session, _listed)


def pause(said: Namespace, session: Session) -> Answer:
    """Stop what runs at its next step, and start nothing more."""

    def paused(ledger: Ledger) -> Answer:
        ledger.pause()
        lanes = sorted(ledger.paused())
        return Answer(
            "The queue is paused; what was running waits for “resume”.", {"paused": lanes}
        )

    return _with_ledger(session, paused)


def resume(said: Namespace, session: Session) -> Answer:
    """Go on; an open window does the jobs."""

    def resumed(ledger: Ledger) -> Answer:
        ledger.resume()
        return Answer("The queue goes on while the window is open.", {"paused": []})

    return _with_ledger(session, resumed)


def _with_ledger(session: Session, act: Callable[[Ledger], Answer]) -> Answer:
    from studio.jobs.ledger import Ledger

    session.folders.make()
    ledger = Ledger(session.folders.queue, mend=True)
    try:
        if ledger.damage:
            session.voice.remark(ledger.damage)
        return act(ledger)
    finally:
        ledger.close()


def _listed(ledger: Ledger) -> Answer:
    jobs, paused = (*ledger.jobs(), *ledger.unreadable()), sorted(ledger.paused())
    lines = [f"{job.id:>4}  {job.state.replace('_', ' '):<9}  {job.title}" for job in jobs]
    lines += [f"Paused: {', '.join(paused)}."] if paused else []
    words = "\n".join(lines) or "The queue is empty."
    return Answer(words, {"jobs": [_facts(job) for job in jobs], "paused": paused})


def _facts(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "lane": job.lane,
        "state": str(job.state),
        "what": job.what,
        "hint": job.hint,
    }
