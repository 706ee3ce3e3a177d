"""What the present shot would still need, looked up away from the window's thread."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from studio.jobs.job import Job, State
from studio.jobs.queue import Queue
from studio.project.plain import from_plain
from studio.spec.forecast import Forecast, StageForecast, forecast
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.span import Span
from studio.spec.spans import spans
from studio.spec.stages import STAGES, sparse, stage_of, stages_in, until
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.images import image, shrunk
from studio.ui.state.job_monitor import Watch
from studio.ui.state.render_actions import Orders

if TYPE_CHECKING:
    from studio.project.takes import TakeStore

SETTLE_MS = 150
"""Words are looked up when the typing pauses, not at every letter."""
DURING_MS = 700
"""While a job runs it is looked so long after it was heard of."""
SAMPLED = 5
"""Takes of each stage whose seconds are read."""
KEPT_PICTURES = 400

Place = tuple[str, int]
"""A keyframe's span key and its frame in there."""
Needs = Mapping[str, float | None]


@dataclass(frozen=True)
class _Asked:
    """What is looked for: the shot's clip, the same four times as large, the stages that were made
    for the shot once, and the requests of running jobs."""

    clip: ClipRequest
    larger: ClipRequest | None
    before: frozenset[str]
    jobs: Mapping[int, Mapping[str, object]]

    @property
    def whole(self) -> ClipRequest:
        return self.larger or self.clip


@dataclass(frozen=True)
class _Found:
    forecast: Forecast
    larger: StageForecast | None
    pace: Mapping[str, float]
    pictures: Mapping[Place, QImage]
    makes: Mapping[int, frozenset[str]]
    needs: Mapping[int, Needs]


class Outlook(QObject):
    """Knows how the present shot's stages stand and what its keyframes look like.

    Looks again after every change of the shot, and while a job of this project runs at least as
    often as it finishes something.
    """

    changed = Signal()
    """It was looked; what was found may be the same."""

    def __init__(
        self,
        document: Document,
        queue: Queue,
        watch: Watch,
        orders: Orders,
        takes: "TakeStore",
        background: Background,
    ) -> None:
        super().__init__()
        self._document, self._orders, self._takes = document, orders, takes
        self._watch, self._background = watch, background
        self.forecast: Forecast | None = None
        self._larger: StageForecast | None = None
        self.pictures: dict[Place, QImage] = {}
        self._pace: dict[str, float] = {}
        self._makes: Mapping[int, frozenset[str]] = {}
        self._looks, self._answers = 0, 0
        self._later = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._during = QTimer(self, singleShot=True, interval=DURING_MS)
        self._later.timeout.connect(self.look)
        self._during.timeout.connect(self._look_during)
        document.changed.connect(self._later.start)
        document.subjects_changed.connect(self._later.start)
        queue.finished.connect(lambda *_: self._later.start())
        queue.changed.connect(self._later.start)
        queue.progressed.connect(self._hear)

    def look(self) -> None:
        """Look at the disk again; of several looks the last one counts."""
        self._later.stop()
        self._during.stop()
        self._looks += 1
        look = self._looks
        try:
            asked = self._asked()
        except Refusal:
            self._answers = look
            self._become(None)
            return

        def answered(found: _Found) -> None:
            if look == self._looks:
                self._answers = look
                self._pace |= found.pace
                self._remember(found.pictures)
                for job, needs in found.needs.items():
                    self._watch.expect(job, needs)
                self._become(found)

        self._background.ask(lambda: self._found(asked), answered, owner=self)

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
        if self._larger is not None and name == self._larger.name:
            return self._larger
        stages = self.forecast.stages if self.forecast else ()
        return next((stage for stage in stages if stage.name == name), None)

    def _asked(self) -> _Asked:
        shot, project = self._document.shot, self._document.project
        renders = (r for r in project.renders if r.shot == shot.id)
        before = frozenset[str]().union(*(stages_in(render.request) for render in renders))
        jobs = {job.id: job.payload for job in self._watch.jobs if self._is_ours(job)}
        return _Asked(self._orders.request(shot), self._orders.larger(shot), before, jobs)

    def _is_ours(self, job: Job) -> bool:
        """Whether a job runs that makes something for a shot of this project."""
        ours = job.payload.get("project") == str(self._document.folder)
        return ours and job.state is State.RUNNING and "shot" in job.payload

    def _hear(self, id: int, _progress: object) -> None:
        if not self._during.isActive() and any(
            j.id == id for j in self._watch.jobs if self._is_ours(j)
        ):
            self._during.start()

    def _look_during(self) -> None:
        if self._answers == self._looks:  # the last look has come to its end
            self.look()

    def _become(self, found: _Found | None) -> None:
        self.forecast = found and found.forecast
        self._larger = found and found.larger
        self._makes = found.makes if found else {}
        self.changed.emit()

    def _remember(self, pictures: Mapping[Place, QImage]) -> None:
        self.pictures |= pictures
        while len(self.pictures) > KEPT_PICTURES:
            del self.pictures[next(iter(self.pictures))]

    def _found(self, asked: _Asked) -> _Found:
        """Runs elsewhere: it reads the disk."""
        walk = spans(asked.whole)
        pace = self._pace | self._measured(walk)

        def look(request: ClipRequest) -> Forecast:
            return forecast(request, self._takes.has, pace, before=asked.before)

        upsampled = look(asked.larger).stages[-1] if asked.larger else None
        found, keys = look(asked.clip), {span.key for span in walk}
        walks = {id: _walked_by(payload) for id, payload in asked.jobs.items()}
        makes = {id: frozenset(stage_of(s) for s in w if s.key in keys) for id, w in walks.items()}
        needs = {id: self._needs(walk, pace) for id, walk in walks.items()}
        pictures = self._looked(asked.clip, found)
        return _Found(found, upsampled, pace, pictures, makes, needs)

    def _needs(self, walk: tuple[Span, ...], pace: Mapping[str, float]) -> Needs:
        """The seconds that what is missing of a walk will take, by the stage of its spans."""
        needs: dict[str, float | None] = {}
        for span in (span for span in walk if not self._takes.has(span.key)):
            so_far, each = needs.get(span.stage, 0.0), pace.get(span.stage)
            needs[span.stage] = None
            if so_far is not None and each is not None:
                needs[span.stage] = so_far + each * len(span.makes)
        return needs

    def _measured(self, walk: tuple[Span, ...]) -> dict[str, float]:
        """Seconds a frame of what is there, by stage; the median, for the first one also loads."""
        seconds: dict[str, list[float]] = defaultdict(list)
        for span in walk:
            if len(seconds[span.stage]) < SAMPLED and (record := self._takes.record(span.key)):
                spent = record.get("facts", {}).get("seconds")
                if isinstance(spent, int | float):
                    seconds[span.stage].append(spent / len(span.makes))
        return {stage: median(some) for stage, some in seconds.items() if some}

    def _looked(self, asked: ClipRequest, found: Forecast) -> dict[Place, QImage]:
        """The pictures of keyframes that were decoded, alone or in the clip, and not known yet."""
        made: dict[Place, QImage] = {}
        wanted = {(key.key, key.frame) for key in found.keyframes} - self.pictures.keys()
        decoded = [s for s in (*spans(sparse(asked)), *spans(asked)) if s.stage == "decode"]
        for span in decoded:
            reads = span.reads[span.lead : span.lead + len(span.makes)]
            places = [read and (span.inputs[read.input], read.frame) for read in reads]
            if not wanted.intersection(places) or not self._takes.has(span.key):
                continue
            arrays = self._takes.get(span.key) or {"frames": ()}
            for place, frame in zip(places, arrays["frames"], strict=False):
                if place in wanted:
                    made[place] = shrunk(image(frame))
            wanted -= made.keys()
        return made


def _walked_by(payload: Mapping[str, object]) -> tuple[Span, ...]:
    """The spans that a job makes."""
    walk = spans(from_plain(ClipRequest, payload["request"]))
    return until(walk, str(payload.get("until") or STAGES[-1]))
