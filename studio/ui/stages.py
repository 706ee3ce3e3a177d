"""The stages of the shot as a row: what is done, what runs, what waits."""

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from studio.jobs.job import Job, State
from studio.jobs.queue import Queue
from studio.ui.controls import column, label
from studio.ui.document import Document
from studio.ui.theme import UNIT, set_tone
from studio.ui.watch import Watch

STAGES = (("keyframes", "Keys"), ("decode", "Decode"))


class Stages(QWidget):
    """Follows the newest job of the shot being worked on."""

    def __init__(self, document: Document, queue: Queue, watch: Watch) -> None:
        super().__init__()
        self._document, self._watch = document, watch
        self.bars = {stage: QProgressBar() for stage, _ in STAGES}
        self.words = {stage: label("", "small") for stage, _ in STAGES}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        for stage, name in STAGES:
            self.bars[stage].setTextVisible(False)
            self.bars[stage].setRange(0, 100)
            self.bars[stage].setAccessibleName(name)
            layout.addWidget(column(self.bars[stage], self.words[stage], gap=UNIT // 2))
        document.changed.connect(self.reflect)
        queue.changed.connect(self.reflect)
        queue.progressed.connect(lambda *_: self.reflect())
        self.reflect()

    def reflect(self) -> None:
        job = self._job()
        for stage, name in STAGES:
            done, word = self._state(job, stage)
            self.bars[stage].setValue(done)
            set_tone(self.bars[stage], "done" if done == 100 else "")
            self.words[stage].setText(f"{name} · {word}")

    def _job(self) -> Job | None:
        mine = self._document.shot.id
        jobs = (*self._watch.jobs, *self._watch.over)
        return next((job for job in jobs if job.payload.get("shot") == mine), None)

    def _state(self, job: Job | None, stage: str) -> tuple[int, str]:
        """Per cent done and a word for it."""
        if job is None:
            return 0, "not made yet"
        if job.state is State.DONE:
            return 100, "done"
        last = self._watch.seen(job.id).last
        if job.state is not State.RUNNING or last is None:
            return 0, "failed" if job.state is State.FAILED else "waits"
        names = [name for name, _ in STAGES]
        at = names.index(last.stage) if last.stage in names else 0
        if names.index(stage) < at:
            return 100, "done"
        if names.index(stage) > at:
            return 0, "waits"
        percent = round(100 * self._watch.fraction(job.id))
        return percent, f"{percent} %"
