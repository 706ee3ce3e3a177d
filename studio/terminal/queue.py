"""`queue …`: look at the jobs of the window, pause and resume them, remove one or try it again."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from studio.jobs.job import Job
from studio.spec.refusal import Refusal
from studio.terminal.session import Session
from studio.terminal.voice import Answer

if TYPE_CHECKING:
    from studio.jobs.job_store import JobStore

LARGEST = 2**63
"""What a database counts to."""


def list_all(args: Namespace, session: Session) -> Answer:
    """The unfinished jobs in their order."""
    if not session.folders.queue.is_file():
        return Answer("The queue is empty.", {"jobs": [], "paused": []})
    return _with_job_store(session, _listed)


def pause(args: Namespace, session: Session) -> Answer:
    """Stop what runs at its next step, and start nothing more."""

    def paused(job_store: JobStore) -> Answer:
        job_store.pause()
        lanes = sorted(job_store.paused())
        return Answer(
            "The queue is paused; what was running waits for “resume”.", {"paused": lanes}
        )

    return _with_job_store(session, paused)


def resume(args: Namespace, session: Session) -> Answer:
    """Go on; an open window does the jobs."""

    def resumed(job_store: JobStore) -> Answer:
        job_store.resume()
        return Answer("The queue goes on while the window is open.", {"paused": []})

    return _with_job_store(session, resumed)


def remove(args: Namespace, session: Session) -> Answer:
    """Forget a job that does not run, also one that cannot be read."""

    def removed(job_store: JobStore) -> Answer:
        job = _job(job_store, args.id, session)
        job_store.remove(job.id)
        return Answer(f"Removed from the queue: {job.title}", {"removed": job.id})

    return _with_job_store(session, removed)


def retry(args: Namespace, session: Session) -> Answer:
    """Put a job that failed, was cancelled or set aside at the end of its lane."""

    def retried(job_store: JobStore) -> Answer:
        job = job_store.retry(_job(job_store, args.id, session).id)
        return Answer(f"Waits to be done again: {job.title}", {"retried": job.id})

    return _with_job_store(session, retried)


def _job(job_store: JobStore, id: int, session: Session) -> Job:
    if 0 < id < LARGEST:
        with suppress(KeyError):
            return job_store.job(id)
    raise Refusal(
        f"The queue has no job {str(id)[:20]}.",
        f"See those there are: {session.command('queue', 'list')}",
    )


def _with_job_store(session: Session, act: Callable[[JobStore], Answer]) -> Answer:
    from studio.jobs.job_store import JobStore

    session.folders.make()
    job_store = JobStore(session.folders.queue, mend=True)
    try:
        if job_store.damage:
            session.voice.remark(job_store.damage)
        return act(job_store)
    finally:
        job_store.close()


def _listed(job_store: JobStore) -> Answer:
    jobs, paused = (*job_store.jobs(), *job_store.unreadable()), sorted(job_store.paused())
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
