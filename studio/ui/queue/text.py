"""What the queue's views say about a job."""

from studio.jobs.job import Job, State
from studio.spec.quantities import duration, time_left
from studio.ui.state.job_monitor import Watch

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
    """ "keyframes · 12 of 20 · 8 s left"; the time is that of the whole job where it is known."""
    last = watch.seen(job.id).last
    if not last:
        return "loading"
    left = time_left(watch.all_left(job.id))
    if not last.total:
        return last.stage
    if watch.all_left(job.id) is None and not watch.is_last(job.id):
        stage = watch.seconds_left(job.id)
        left = time_left(stage) if stage is None else f"{duration(stage)} left of this stage"
    return f"{last.stage} · {last.step} of {last.total} · {left}"


def status(job: Job, watch: Watch) -> str:
    """One line about where a job is, and why it failed."""
    if job.state is State.RUNNING:
        return progress(job, watch)
    if job.state is State.FAILED:
        return f"{job.what} {job.hint}".strip() or "failed"
    return STATES[job.state]
