"""What the queue's views say about a job."""

from studio.jobs.job import Job, State
from studio.ui.quantities import time_left
from studio.ui.watch import Watch

STATES = {
    State.WAITING: "waiting",
    State.PAUSED: "held back",
    State.RUNNING: "running",
    State.DONE: "done",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.SET_ASIDE: "was running when the studio stopped",
}
TONES = {State.DONE: "done", State.FAILED: "danger", State.RUNNING: "accent"}


def progress(job: Job, watch: Watch) -> str:
    """ "keyframes · step 12 of 20 · 8 s left"."""
    last = watch.seen(job.id).last
    if not last:
        return "loading"
    left = time_left(watch.seconds_left(job.id))
    if not last.total:
        return last.stage
    return f"{last.stage} · {last.step} of {last.total} · {left}"


def status(job: Job, watch: Watch) -> str:
    """One line about where a job is, and why it failed."""
    if job.state is State.RUNNING:
        return progress(job, watch)
    if job.state is State.FAILED:
        return f"{job.what} {job.hint}".strip() or "failed"
    return STATES[job.state]
