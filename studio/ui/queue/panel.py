"""The full queue: every job with its state, and what can be done with it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.jobs.job import FINISHED, UNREADABLE, Job, State
from studio.jobs.queue import Queue
from studio.ui.queue.text import ICONS, ROLES, status, times
from studio.ui.state.images import from_preview, thumbnail
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.widgets import theme
from studio.ui.widgets.controls import (
    ElidedLabel,
    EmptyState,
    Panel,
    label,
    push,
    remove_widget,
    set_enabled,
    tool,
)
from studio.ui.widgets.controls import row as beside
from studio.ui.widgets.details_dialog import DetailsDialog
from studio.ui.widgets.icons import Icons

PICTURE = 32
"""Pixels of a job's picture."""


class JobRow(QWidget):
    """One job.  Alt+Up and Alt+Down reorder, Delete cancels."""

    def __init__(self, job: Job, queue: Queue, job_monitor: JobMonitor, icons: Icons) -> None:
        super().__init__()
        self.job, self._queue, self._job_monitor = job, queue, job_monitor
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("row")
        self.title, self.status = ElidedLabel(job.title), ElidedLabel("", "small")
        self.picture, self._icons = label(), icons
        self.picture.setFixedSize(PICTURE, PICTURE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.times = label("", "small")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        self.bar.setRange(0, 1000)
        text = QVBoxLayout()
        text.setSpacing(2)
        text.addWidget(self.title)
        text.addWidget(self.status)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * theme.UNIT, theme.UNIT // 2, 2 * theme.UNIT, theme.UNIT // 2)
        layout.setSpacing(theme.UNIT)
        layout.addWidget(self.picture)
        layout.addLayout(text, 1)
        layout.addWidget(self.times)
        layout.addWidget(self.bar)
        for button in self._buttons(icons):
            layout.addWidget(button)
        self.bar.setVisible(job.state is State.RUNNING)
        self.reflect()

    def reflect(self) -> None:
        text = status(self.job, self._job_monitor)
        self.status.set_text(text)
        theme.set_role(self.status, ROLES.get(self.job.state, "small"))
        self.bar.setValue(round(1000 * self._job_monitor.fraction(self.job.id)))
        self.times.setText(times(self.job, self._job_monitor))
        self.setAccessibleName(
            ", ".join(filter(None, (f"{self.job.title}: {text}", self.times.text())))
        )
        self._reflect_picture()

    def _reflect_picture(self) -> None:
        """The first frame of what it makes, as it was seen last; or what stands for its kind."""
        known, ratio = self._job_monitor.progress(self.job.id), self.devicePixelRatioF()
        if preview := known.moving or known.still:
            shown = thumbnail(from_preview(preview)[0], PICTURE, ratio, square=True)
        else:
            name = ICONS.get(self.job.kind, "clip")
            shown = self._icons.pixmap(name, "muted", PICTURE // 2, ratio)
        self.picture.setPixmap(shown)

    def reflect_place(self) -> None:
        """Which way it can be moved."""
        waiting = [job.id for job in self._waiting()]
        disabled_reason = "" if self.job.id in waiting else "Only jobs that wait can change places."
        set_enabled(
            self.earlier,
            disabled_reason or ("It is the first." if waiting[0] == self.job.id else ""),
        )
        set_enabled(
            self.later, disabled_reason or ("It is the last." if waiting[-1] == self.job.id else "")
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        if alt and event.key() == Qt.Key.Key_Up:
            self.earlier.click()
        elif alt and event.key() == Qt.Key.Key_Down:
            self.later.click()
        elif event.key() == Qt.Key.Key_Delete:
            self.stop.click()
        else:
            super().keyPressEvent(event)

    def _buttons(self, icons: Icons):
        queue, job = self._queue, self.job
        self.why = tool(icons, "recipe", "Details: the technical part, for a report")
        self.why.setVisible(bool(job.detail))
        self.why.clicked.connect(self._show_why)
        self.earlier = tool(icons, "up", "Earlier (Alt+Up)")
        self.later = tool(icons, "down", "Later (Alt+Down)")
        self.again = tool(icons, "retry", "Try again")
        self.twice = tool(icons, "duplicate", "Duplicate")
        self.stop = tool(icons, "close", "Cancel (Del); what is finished stays")
        self.earlier.clicked.connect(lambda: self._move(-1))
        self.later.clicked.connect(lambda: self._move(1))
        self.again.clicked.connect(lambda: queue.retry(job.id))
        self.twice.clicked.connect(lambda: queue.duplicate(job.id))
        self.stop.clicked.connect(self._stop)
        retries = job.state in (State.FAILED, State.CANCELLED, State.SET_ASIDE)
        set_enabled(self.again, "" if retries else "It has not failed or been stopped.")
        if job.kind == UNREADABLE:
            set_enabled(self.again, job.what)
            set_enabled(self.twice, job.what)
        if job.state in FINISHED:
            self.stop.setAccessibleName("Remove")
            set_enabled(self.stop, "", "Remove from the list (Del)")
        return self.why, self.earlier, self.later, self.again, self.twice, self.stop

    def _show_why(self) -> None:
        DetailsDialog(f"{self.job.what} {self.job.hint}", self.job.detail, self.window()).open()

    def _waiting(self) -> list[Job]:
        """The jobs that it can change places with, itself among them."""
        mine = (
            j
            for j in self._job_monitor.jobs
            if (j.lane, j.short) == (self.job.lane, self.job.short)
        )
        return [j for j in mine if j.state in (State.WAITING, State.PAUSED)]

    def _move(self, by: int) -> None:
        waiting = self._waiting()
        at = next((k for k, j in enumerate(waiting) if j.id == self.job.id), -1)
        if at < 0 or not 0 <= at + by < len(waiting):
            return
        move = self._queue.move_before if by < 0 else self._queue.move_after
        move(self.job.id, waiting[at + by].id)

    def _stop(self) -> None:
        if self.job.state in FINISHED:
            self._queue.remove(self.job.id)
        else:
            self._queue.cancel(self.job.id)


class QueuePanel(Panel):
    """Unfinished jobs in their order, then what is over, newest first."""

    closed = Signal()

    def __init__(self, queue: Queue, job_monitor: JobMonitor, icons: Icons) -> None:
        super().__init__()
        self._queue, self._job_monitor, self._icons = queue, job_monitor, icons
        self.rows: dict[int, JobRow] = {}
        inner = QWidget()
        self._box = QVBoxLayout(inner)
        self._box.setContentsMargins(0, theme.UNIT, 0, theme.UNIT)
        self._box.setSpacing(0)
        self.clear = push(
            "Clear finished", "link", tip="Forget all jobs that are over; what they made stays"
        )
        self.bar = beside(None, self.clear)
        self._box.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        step = "What you preview, render, train or export waits and runs here."
        self.empty = EmptyState(icons, "queue", "The queue is empty", step)
        self.pages = QStackedWidget()
        self.pages.addWidget(area)
        self.pages.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.setMinimumHeight(8 * theme.UNIT)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.clear.clicked.connect(queue.clear)
        queue.changed.connect(self._follow)
        queue.progressed.connect(self._on_progress)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reflect()

    def take_focus(self) -> None:
        """Go to the first job by key."""
        first = next(iter(self.rows.values()), self)
        first.show()  # what came into the list just now is shown later, and until then gets no focus
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def reflect(self) -> None:
        """Rows follow the jobs; a row whose job did not change stays as it is."""
        wanted = list(
            {job.id: job for job in (*self._job_monitor.jobs, *self._job_monitor.over)}.values()
        )
        focused = next((id for id, r in self.rows.items() if r.hasFocus()), None)
        kept = {}
        for place, job in enumerate(wanted):
            row = self.rows.pop(job.id, None)
            if row is None or row.job != job:
                self._drop(row)
                row = JobRow(job, self._queue, self._job_monitor, self._icons)
            self._box.insertWidget(place, row)
            kept[job.id] = row
        for row in self.rows.values():
            self._drop(row)
        self.rows = kept
        for row in kept.values():
            row.reflect_place()
        self.clear.setVisible(bool(self._job_monitor.over))
        if focused in kept:
            kept[focused].setFocus()
        self.pages.setCurrentIndex(0 if kept else 1)

    def _follow(self) -> None:
        if self.isVisible():  # a closed list catches up when it is opened
            self.reflect()

    def _drop(self, row: JobRow | None) -> None:
        if row is not None:
            remove_widget(self._box, row)

    def _on_progress(self, id: int, _progress: object) -> None:
        if id in self.rows:
            self.rows[id].reflect()
