"""The stages of the shot as a row: what is made, what is stale, what runs, how long it takes."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QImage, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from studio.jobs.job import Job, State
from studio.jobs.queue import Queue
from studio.spec.forecast import ABSENT, MADE, OUT_OF_DATE, StageForecast
from studio.spec.quantities import count, duration
from studio.spec.stages import LATER, STAGES
from studio.ui.state.images import thumbnail
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.render_actions import RenderActions
from studio.ui.state.render_forecast import RenderForecast
from studio.ui.state.shot_state import NO_UPSAMPLER, PresentShot
from studio.ui.widgets.controls import ElidedLabel, Panel, column, label, set_enabled, tip, tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT, set_role

NAMES: dict[str, str] = dict(
    zip(STAGES, ("Keys", "Extend", "Between", "Decode", "Upsample"), strict=True)
)
WORDS = {
    "keyframes": "Make the keyframes",
    "extended": "Make the keyframes after and before them",
    "interpolated": "Make the frames in between",
    "decoded": "Make the pictures: the whole clip",
    "upsampled": "Make the clip larger, as much as its upscaler does",
}
ABSENT_BECAUSE = {
    "extended": "Drag an end of the strip to extend the clip.",
    "interpolated": "The clip has nothing in between.",
    "upsampled": NO_UPSAMPLER,
}
ENGINE = {"keyframes": "keyframes", **LATER}
"""The stage that a job's progress speaks of; `keyframes` covers those that are predicted too."""
PICTURE = QSize(64, 40)
LOW, ROOM = 24, 520
"""Pixels: of the picture where the panel is lower than that."""
LEAST = 58
"""Pixels; the words of a stage are cut below."""


class StageCell(QWidget):
    """One stage: a picture, a bar, its name with the button that runs it, and two short lines."""

    def __init__(self, name: str, icons: Icons) -> None:
        super().__init__()
        self._theme = icons.theme
        self.picture, self.bar = QLabel(), QProgressBar()
        self.picture.setFixedHeight(PICTURE.height())
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setObjectName("ground")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 100)
        self.bar.setAccessibleName(NAMES[name])
        self.bar.setMinimumWidth(1)
        self.title, self.state, self.work = (
            label(NAMES[name]),
            ElidedLabel(),
            ElidedLabel("", "small"),
        )
        set_role(self.title, "small")
        self.run = tool(icons, "play", WORDS[name])
        self.run.setObjectName("over")
        self.run.setFixedSize(20, 20)
        self.run.setIconSize(QSize(10, 10))
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        corner = QHBoxLayout(self.picture)
        corner.setContentsMargins(2, 2, 2, 2)
        corner.addWidget(self.run, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(column(self.picture, self.bar, self.title, self.state, self.work, gap=2))
        self.setMinimumWidth(LEAST)

    def set_low(self, low: bool) -> None:
        """With a lower picture, or with one as high as it is drawn."""
        self.picture.setFixedHeight(LOW if low else PICTURE.height())

    def show_picture(self, picture: QImage | None) -> None:
        if picture is None:
            self.picture.setPixmap(QPixmap())
            return
        ratio = self.devicePixelRatioF()
        self.picture.setPixmap(thumbnail(picture, self.picture.maximumHeight(), ratio))

    def show_state(self, state: str, role: str, work: str, percent: int) -> None:
        self.state.set_text(state)
        set_role(self.state, role)
        self.work.set_text(work)
        self.bar.setValue(percent)
        set_role(self.bar, "" if role == "accent" else role)
        tip(self, f"{self.bar.accessibleName()}: {state}, {work}".strip(", "))


class Stages(QWidget):
    """Follows what the shot would need, and the newest job that makes some of it."""

    def __init__(
        self,
        queue: Queue,
        job_monitor: JobMonitor,
        present: PresentShot,
        render_actions: RenderActions,
        render_forecast: RenderForecast,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._job_monitor = job_monitor
        self._panel: QWidget | None = None
        self._present, self._render_forecast = present, render_forecast
        self.cells = {name: StageCell(name, icons) for name in STAGES}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT // 2)
        for name, cell in self.cells.items():
            cell.run.clicked.connect(lambda _=False, name=name: render_actions.run(name))
            layout.addWidget(cell, 1)
        render_forecast.changed.connect(self.reflect)
        queue.changed.connect(self.reflect)
        queue.progressed.connect(lambda *_: self.reflect())
        self.reflect()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        panel = self.parentWidget()
        while panel is not None and not isinstance(panel, Panel):
            panel = panel.parentWidget()
        if panel is not None and panel is not self._panel:
            self._panel = panel
            panel.installEventFilter(self)
            self._fit(panel.height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent) and watched is self._panel:
            self._fit(event.size().height())
        return False

    def _fit(self, high: int) -> None:
        """In a low panel the pictures make way for the words above them."""
        for cell in self.cells.values():
            cell.set_low(high < ROOM)

    def reflect(self) -> None:
        job, disabled_reason = self._running(), self._present.state.render_disabled_reason
        for name, cell in self.cells.items():
            stage = self._render_forecast.stage(name)
            is_absent = stage is not None and stage.state == ABSENT
            set_enabled(
                cell.run, disabled_reason or (ABSENT_BECAUSE.get(name, "") if is_absent else "")
            )
            cell.show_state(*self._texts(stage, job))
            cell.show_picture(self._picture(name, stage))

    def _running(self) -> Job | None:
        """The running job that makes spans of the present request, not of an earlier one."""
        jobs = (job for job in self._job_monitor.jobs if job.state is State.RUNNING)
        return next((job for job in jobs if self._render_forecast.makes(job.id)), None)

    def _texts(self, stage: StageForecast | None, job: Job | None) -> tuple[str, str, str, int]:
        """State, its role, the work and per cent done."""
        if stage is None:
            return "–", "small", "", 0
        if job is not None and stage.name == self._stage_of(job):
            left = self._job_monitor.seconds_left(job.id)
            percent = round(100 * self._job_monitor.fraction(job.id))
            return (
                f"{percent} %",
                "accent",
                "" if left is None else f"{duration(left)} left",
                percent,
            )
        work = stage.work
        if stage.state == ABSENT:
            return "none", "small", "", 0
        made = count(work.frames, "frame" if stage.name in LATER.values() else "key")
        if stage.state == MADE:
            return stage.state, "done", made, 100
        percent = round(100 * (1 - work.missing / max(1, work.frames)))
        left = made if work.missing == work.frames else f"{work.missing} of {work.frames}"
        needed = duration(work.seconds) if work.seconds else left
        return stage.state, "attention" if stage.state == OUT_OF_DATE else "small", needed, percent

    def _stage_of(self, job: Job) -> str:
        """Which stage a job is in; keyframes that are predicted count as the next one's."""
        last = self._job_monitor.progress(job.id).last
        name, made = ENGINE.get(last.stage, "") if last else "", self._render_forecast.makes(job.id)
        first = self._render_forecast.stage("keyframes")
        if name == "keyframes" and "extended" in made and first and first.state == MADE:
            return "extended"
        return name if name in made else ""

    def _picture(self, name: str, stage: StageForecast | None) -> QImage | None:
        """A keyframe for the stage: the last for extensions, the middle for in-betweens, or the first."""
        found = self._render_forecast.forecast
        if found is None or stage is None or stage.state == ABSENT:
            return None
        if name in LATER.values() and stage.state != MADE:
            return None
        last = len(found.keyframes) - 1
        return self._render_forecast.picture(
            {"extended": last, "interpolated": last // 2}.get(name, 0)
        )
