"""A subject in training: how far, how the loss moves, and what it looks like so far."""

from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from studio.jobs.job import Job, State
from studio.jobs.payloads import TrainingPayload
from studio.jobs.queue import Queue
from studio.project.subject import Subject
from studio.spec.progress import Preview, Progress
from studio.spec.quantities import count
from studio.ui.state.background import Background
from studio.ui.state.images import from_preview
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.subjects.animated_thumbnail import AnimatedThumbnail
from studio.ui.subjects.loss_curve import LossCurve
from studio.ui.widgets.controls import column, label, push, row
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT

SAMPLE = 112
WAITING = "Samples appear while it learns."


class Training(QWidget):
    """Listens to one job; made anew it shows the same."""

    def __init__(
        self, job: Job, queue: Queue, job_monitor: JobMonitor, background: Background, icons: Icons
    ) -> None:
        super().__init__()
        self._id, self._queue, self._job_monitor = job.id, queue, job_monitor
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Training")
        self.curve = LossCurve(background, icons.theme)
        self.still = AnimatedThumbnail(SAMPLE, "Sample picture", icons.theme)
        self.moving = AnimatedThumbnail(SAMPLE, "Sample that moves", icons.theme)
        self._drawn: dict[AnimatedThumbnail, Preview] = {}
        self.note = label(WAITING, "small", wrap=True)
        self.stop = push("Stop training", tip="What was learned so far is kept; training can go on")
        self.stop.clicked.connect(lambda: queue.cancel(self._id))
        self.samples = row(
            column(self.still, label("picture", "small"), gap=2),
            column(self.moving, label("moving", "small"), gap=2),
            None,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * UNIT, 0, 2 * UNIT, UNIT)
        layout.setSpacing(UNIT)
        for part in (self.bar, self.curve, self.note, self.samples, row(None, self.stop)):
            layout.addWidget(part)
        queue.progressed.connect(self._on_progress)
        job_monitor.recalled.connect(self._on_progress)  # a method: let go of with the widget
        self.reflect()

    def reflect(self) -> None:
        progress = self._job_monitor.progress(self._id)
        last = progress.last
        self.bar.setRange(0, max(1, last.total) if last else 1)
        self.bar.setValue(last.step if last else 0)
        self.curve.show_losses(progress.losses)
        for widget, preview in ((self.still, progress.still), (self.moving, progress.moving)):
            if preview and self._drawn.get(widget) is not preview:  # not again with every step
                self._drawn[widget] = preview
                widget.show_frames(from_preview(preview))
        has_samples = bool(progress.still or progress.moving)
        self.samples.setVisible(has_samples)
        self.note.setText(progress.note or WAITING)
        self.note.setVisible(bool(progress.note) or not has_samples)

    def _on_progress(self, id: int, _progress: Progress | None = None) -> None:
        if id == self._id:
            self.reflect()


def training_of(subject: str, job_monitor: JobMonitor) -> Job | None:
    """The job that trains a subject, or will."""
    payloads = ((job, job.typed) for job in job_monitor.jobs)
    trains = ((job, payload) for job, payload in payloads if isinstance(payload, TrainingPayload))
    return next((job for job, payload in trains if payload.subject == subject), None)


def standing(subject: Subject, job_monitor: JobMonitor) -> tuple[str, str]:
    """How a subject stands, and the role of that text."""
    if job := training_of(subject.name, job_monitor):
        return status(job, job_monitor), "accent"
    if subject.is_trained:
        return f"ready · {count(subject.trained_steps, 'step')}", "done"
    return "not trained yet", "small"


def status(job: Job, job_monitor: JobMonitor) -> str:
    """ "240 of 800 · 4 min left · learning the subject": what a narrow card cuts comes last."""
    if job.state is State.WAITING:
        return "waiting for its turn to train"
    if job.state is not State.RUNNING:
        return "training is paused"
    last = job_monitor.progress(job.id).last
    if not last:
        return "training · loading the model"
    return f"{last.step} of {last.total} · {job_monitor.left(job.id)} · {last.stage}"
