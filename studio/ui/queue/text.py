"""A job's state, progress and times as text."""

import time

from studio.jobs.job import FINISHED, Job, State
from studio.spec.progress import DRAWING
from studio.spec.quantities import duration
from studio.ui.state.job_monitor import JobMonitor

STATES = {
    State.WAITING: "waiting",
    State.PAUSED: "held back",
    State.RUNNING: "running",
    State.DONE: "done",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.SET_ASIDE: "was running when the studio stopped",
}
ICONS = {
    "train_subject": "subject",
    "import_subject": "subject",
    "export": "export",
    "export_timeline": "export",
}
"""By kind of job, what stands for it while there is no picture of it."""
ROLES = {State.DONE: "done", State.FAILED: "danger", State.RUNNING: "accent"}


def progress(job: Job, job_monitor: JobMonitor) -> str:
    """ "keyframes · 12 of 20 · 8 s left"; the time is that of the whole job where it is known."""
    last = job_monitor.progress(job.id).last
    if not last:
        return "loading"
    if not last.total:
        return last.stage
    left = DRAWING if last.note == DRAWING else job_monitor.left(job.id)
    return f"{last.stage} · {last.step} of {last.total} · {left}"


def status(job: Job, job_monitor: JobMonitor) -> str:
    """One line about where a job is, and why it failed."""
    if job.state is State.RUNNING:
        return progress(job, job_monitor)
    if job.state is State.FAILED:
        return f"{job.what} {job.hint}".strip() or "failed"
    return STATES[job.state]


def times(job: Job, job_monitor: JobMonitor) -> str:
    """ "15:21 · 24 s": when it ended and how long that took; "" for what nobody watched."""
    known = job_monitor.progress(job.id)
    if not known.started or job.state not in FINISHED or not known.ended:
        return ""
    return f"{time.strftime('%H:%M', time.localtime(known.ended))} · {took(known.ended - known.started)}"


def took(seconds: float) -> str:
    """How long something took."""
    return duration(seconds) if seconds >= 1 else "under 1 s"
