"""The forecast of the present shot: what is stored and what is to be made."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from studio.jobs.job import Job, State
from studio.jobs.payloads import RenderPayload
from studio.jobs.queue import Queue
from studio.spec.forecast import Forecast, StageForecast
from studio.spec.stages import stages_in
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.forecast_lookup import Found, Place, Walk, Wanted, look_up
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.shot_state import PresentShot

if TYPE_CHECKING:
    from studio.project.takes import TakeStore

SETTLE_MS = 150
"""Words are looked up when the typing pauses, not at every letter.

superqt's `qdebounced` would do as well for one timer; here `look` stops both, and tests ask whether
one is running.
"""
DURING_MS = 700
"""While a job runs: the delay from its progress to the next look at the store."""
KEPT_PICTURES = 400


class RenderForecast(QObject):
    """The state of the present shot's stages, and pictures of its keyframes.

    Looks again after every change of the shot, and while a job of this project runs at least as
    often as it finishes something.
    """

    changed = Signal()
    """It was looked; what was found may be the same."""

    def __init__(
        self,
        document: Document,
        queue: Queue,
        job_monitor: JobMonitor,
        present: PresentShot,
        span_results: "TakeStore",
        background: Background,
    ) -> None:
        super().__init__()
        self._document, self._present, self._span_results = document, present, span_results
        self._job_monitor, self._background = job_monitor, background
        self.forecast: Forecast | None = None
        self._upsampled: StageForecast | None = None
        self.pictures: dict[Place, QImage] = {}
        self._pace: dict[str, float] = {}
        self._makes: Mapping[int, frozenset[str]] = {}
        self._walks: Mapping[int, Walk] = {}
        self._looks, self._answers = 0, 0
        self._later = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._during = QTimer(self, singleShot=True, interval=DURING_MS)
        self._later.timeout.connect(self.look)
        self._during.timeout.connect(self._look_during)
        present.changed.connect(self._later.start)
        queue.finished.connect(lambda *_: self._later.start())
        queue.changed.connect(self._later.start)
        queue.progressed.connect(self._on_progress)

    def look(self) -> None:
        """Look at the disk again; of several looks the last one counts."""
        self._later.stop()
        self._during.stop()
        self._looks += 1
        look = self._looks
        wanted = self._wanted()
        if wanted is None:
            self._answers = look
            self._become(None)
            return
        span_results, pace, known = self._span_results, dict(self._pace), frozenset(self.pictures)

        def answered(found: Found) -> None:
            if look == self._looks:
                self._answers = look
                self._pace |= found.pace
                self._walks = found.walks
                self._remember(found.pictures)
                for job, needs in found.needs.items():
                    self._job_monitor.expect(job, needs)
                self._become(found)

        self._background.ask(
            lambda: look_up(wanted, span_results, pace, known), answered, owner=self
        )

    def makes(self, job: int) -> frozenset[str]:
        """Of which stages of the present shot, as it is now, a running job makes something."""
        return self._makes.get(job, frozenset())

    def stop(self) -> None:
        """Look no more: the window closes."""
        self._looks += 1
        self._later.stop()
        self._during.stop()

    def picture(self, number: int) -> QImage | None:
        """What keyframe `number` of the strip looks like; None until it is made."""
        if self.forecast is None or not 0 <= number < len(self.forecast.keyframes):
            return None
        key = self.forecast.keyframes[number]
        return self.pictures.get((key.key, key.frame))

    def stage(self, name: str) -> StageForecast | None:
        """How one of `studio.spec.stages.STAGES` stands; None while that is not known."""
        if self._upsampled is not None and name == self._upsampled.name:
            return self._upsampled
        stages = self.forecast.stages if self.forecast else ()
        return next((stage for stage in stages if stage.name == name), None)

    def _wanted(self) -> Wanted | None:
        """What is to be looked up; None where the shot cannot be made."""
        state = self._present.state
        if state.request is None:
            return None
        renders = (r for r in self._document.project.renders if r.shot == state.shot.id)
        before = frozenset[str]().union(*(stages_in(render.request) for render in renders))
        jobs = ((job.id, self._payload(job)) for job in self._job_monitor.jobs)
        running = {id: payload for id, payload in jobs if payload}
        return Wanted(state.request, state.upsampled, before, running, self._walks)

    def _payload(self, job: Job) -> RenderPayload | None:
        """The payload of a running job that makes something for a shot of this project."""
        payload = job.typed if job.state is State.RUNNING else None
        if isinstance(payload, RenderPayload) and payload.project == str(self._document.folder):
            return payload if payload.shot else None
        return None

    def _on_progress(self, id: int, _progress: object) -> None:
        if not self._during.isActive() and any(
            job.id == id and self._payload(job) for job in self._job_monitor.jobs
        ):
            self._during.start()

    def _look_during(self) -> None:
        if self._answers == self._looks:  # the last look has come to its end
            self.look()

    def _become(self, found: Found | None) -> None:
        self.forecast = found and found.forecast
        self._upsampled = found and found.upsampled
        self._makes = found.makes if found else {}
        self.changed.emit()

    def _remember(self, pictures: Mapping[Place, QImage]) -> None:
        self.pictures |= pictures
        while len(self.pictures) > KEPT_PICTURES:
            del self.pictures[next(iter(self.pictures))]
