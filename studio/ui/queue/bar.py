"""The strip at the bottom: what runs, how far, how long still; opens into the full list."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QWidget

from studio.jobs.job import Job, State
from studio.jobs.queue import Queue
from studio.ui.queue.text import progress
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.widgets.controls import ElidedLabel, push
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT

NOTICE_MS = 8000


class QueueBar(QWidget):
    """The running job with its progress; at the right the status line: tips and short messages."""

    opened = Signal(bool)
    entered = Signal()
    """It was opened by key, to be worked in."""

    def __init__(self, queue: Queue, job_monitor: JobMonitor, icons: Icons) -> None:
        super().__init__()
        self._queue, self._job_monitor, self._icons = queue, job_monitor, icons
        self._tip = self._notice = ""
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.setInterval(NOTICE_MS)
        self._forget.timeout.connect(lambda: self.notice(""))
        # laid out in the next turn of the loop: a click has done its part when the job is placed
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.reflect)
        self._build()
        queue.changed.connect(self._soon.start)
        queue.progressed.connect(self._on_progress)
        self.reflect()

    def turn(self) -> None:
        """Open the full list and go there, or close it."""
        self.open.toggle()
        if self.open.isChecked():
            self.entered.emit()

    def show_tip(self, tip: str) -> None:
        """Show the status tip of the control under the pointer or with the focus."""
        self._tip = " · ".join(filter(None, tip.splitlines()))
        self._reflect_words()

    def notice(self, what: str) -> None:
        """A sentence that goes away by itself."""
        self._notice = what
        if what:
            self._forget.start()
        self._reflect_words()

    def running(self) -> Job | None:
        """The job to speak of: the engine's before any other lane's."""
        jobs = [job for job in self._job_monitor.jobs if job.state is State.RUNNING]
        return min(jobs, key=lambda job: (job.lane != "engine", not job.short), default=None)

    def reflect(self) -> None:
        job, paused = self.running(), self._queue.paused()
        waiting = sum(j.state in (State.WAITING, State.SET_ASIDE) for j in self._job_monitor.jobs)
        self.what.set_text(job.title if job else _idle(waiting, paused))
        self.bar.setVisible(job is not None)
        self.cancel.setVisible(job is not None)
        self.far.setVisible(job is not None)  # room for the words at the right
        for part, stretch in ((self.what, 3 if job else 1), (self.words, 3 if job else 5)):
            self._line.setStretchFactor(part, stretch)
        self.pause.setVisible(not paused and bool(job or waiting))
        self.resume.setVisible(paused)
        total = waiting + (job is not None)
        self.open.setText(f"Queue {total}" if total else "Queue")
        self._reflect_progress(job)
        self._reflect_words()

    def _build(self) -> None:
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.what, self.far = ElidedLabel("", "title"), ElidedLabel("", "small")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        self.bar.setAccessibleName("Progress")
        self.pause, self.resume = (
            push("Pause", "menu", tip="Stop now or later, and go on when you like"),
            push("Resume", "primary", tip="Go on"),
        )
        menu = QMenu(self.pause)
        menu.addAction("Pause now: the computer is free at once", self._pause_now)
        menu.addAction("Pause after this job", lambda: self._queue.pause(now=False))
        self.pause.setMenu(menu)
        self.resume.clicked.connect(lambda: self._queue.resume())
        self.cancel = push("Cancel", tip="Stop this job; what is finished stays")
        self.cancel.clicked.connect(self._cancel)
        self.words = ElidedLabel("", "small")
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.open = push("Queue", tip="Show every job (Ctrl+J)")
        self.open.setCheckable(True)
        self.open.setIcon(self._icons("queue"))
        self.open.toggled.connect(self.opened)
        layout = self._line = QHBoxLayout(self)
        layout.setContentsMargins(2 * UNIT, UNIT, 2 * UNIT, UNIT)
        layout.setSpacing(2 * UNIT)
        for part, stretch in (
            (self.what, 3), (self.bar, 0), (self.far, 4), (self.pause, 0), (self.resume, 0), (self.cancel, 0),
            (self.words, 3), (self.open, 0),
        ):  # fmt: skip
            layout.addWidget(part, stretch)

    def _on_progress(self, id: int, _progress: object) -> None:
        job = self.running()
        if job and job.id == id:
            self._reflect_progress(job)

    def _reflect_progress(self, job: Job | None) -> None:
        self.far.set_text(progress(job, self._job_monitor) if job else "")
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * self._job_monitor.fraction(job.id)) if job else 0)

    def _reflect_words(self) -> None:
        self.words.set_text(self._tip or self._notice or self._next())

    def _next(self) -> str:
        waiting = [j.title for j in self._job_monitor.jobs if j.state is State.WAITING]
        more = f" and {len(waiting) - 2} more" if len(waiting) > 2 else ""
        return f"then: {' · '.join(waiting[:2])}{more}" if waiting else ""

    def _pause_now(self) -> None:
        self._queue.pause(now=True)

    def _cancel(self) -> None:
        job = self.running()
        if job:
            self._queue.cancel(job.id)


def _idle(waiting: int, paused: bool) -> str:
    if paused:
        return f"Paused · {waiting} waiting" if waiting else "Paused"
    return f"{waiting} waiting" if waiting else "Nothing is running"
