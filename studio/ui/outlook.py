"""What the present shot would still need, looked up away from the window's thread."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from studio.jobs.queue import Queue
from studio.jobs.work import last_keys
from studio.spec.forecast import Forecast, StageForecast, forecast
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.span import Span
from studio.spec.spans import spans
from studio.spec.stages import sparse, stages_in
from studio.ui.background import Background
from studio.ui.document import Document
from studio.ui.orders import Orders
from studio.ui.pictures import image, shrunk

if TYPE_CHECKING:
    from studio.project.takes import TakeStore

SETTLE_MS = 150
"""Words are looked up when the typing pauses, not at every letter."""
SAMPLED = 5
"""Takes of each stage whose seconds are read."""
KEPT_PICTURES = 400

Place = tuple[str, int]
"""A keyframe's span key and its frame in there."""


@dataclass(frozen=True)
class _Found:
    forecast: Forecast
    larger: StageForecast | None
    pace: Mapping[str, float]
    pictures: Mapping[Place, QImage]


class Outlook(QObject):
    """Knows how the present shot's stages stand and what its keyframes look like."""

    changed = Signal()

    def __init__(
        self,
        document: Document,
        queue: Queue,
        orders: Orders,
        takes: "TakeStore",
        background: Background,
    ) -> None:
        super().__init__()
        self._document, self._orders, self._takes = document, orders, takes
        self._background = background
        self.forecast: Forecast | None = None
        self._larger: StageForecast | None = None
        self.pictures: dict[Place, QImage] = {}
        self._pace: dict[str, float] = {}
        self._fresh: set[str] = set()
        self._looks = 0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(SETTLE_MS)
        self._later.timeout.connect(self.look)
        document.changed.connect(self._later.start)
        document.subjects_changed.connect(self._later.start)
        queue.finished.connect(self._finished)
        queue.changed.connect(self._later.start)

    def look(self) -> None:
        """Look at the disk again; of several looks the last one counts."""
        self._later.stop()
        self._looks += 1
        shot, project = self._document.shot, self._document.project
        try:
            asked, larger = self._orders.request(shot), self._orders.larger(shot)
        except Refusal:
            self._become(None)
            return
        look = self._looks
        renders = (r for r in project.renders if r.shot == shot.id)
        before = frozenset[str]().union(*(stages_in(render.request) for render in renders))

        def answered(found: _Found) -> None:
            if look == self._looks:
                self._pace |= found.pace
                self._remember(found.pictures)
                self._become(found.forecast, found.larger)

        self._background.ask(lambda: self._found(asked, larger, before), answered, owner=self)

    def stop(self) -> None:
        """Look no more: the window closes."""
        self._looks += 1
        self._later.stop()

    def picture(self, number: int) -> QImage | None:
        """What keyframe `number` of the strip looks like; None until it is made."""
        if self.forecast is None:
            return None
        key = self.forecast.keyframes[number]
        return self.pictures.get((key.key, key.frame))

    def stage(self, name: str) -> StageForecast | None:
        """How one of `studio.spec.stages.STAGES` stands; None while that is not known."""
        if self._larger is not None and name == self._larger.name:
            return self._larger
        stages = self.forecast.stages if self.forecast else ()
        return next((stage for stage in stages if stage.name == name), None)

    def _become(self, found: Forecast | None, larger: StageForecast | None = None) -> None:
        if found != self.forecast or found is not None:
            self.forecast, self._larger = found, larger
            self.changed.emit()

    def _finished(self, _id: int, result: object) -> None:
        made = result.get("made") if isinstance(result, dict) else None
        if isinstance(made, list):
            self._fresh.update(map(str, made))
        self._later.start()

    def _remember(self, pictures: Mapping[Place, QImage]) -> None:
        self.pictures |= pictures
        while len(self.pictures) > KEPT_PICTURES:
            del self.pictures[next(iter(self.pictures))]

    def _found(
        self, asked: ClipRequest, larger: ClipRequest | None, before: frozenset[str]
    ) -> _Found:
        """Runs elsewhere: it reads the disk."""
        pace = self._pace | self._measured(spans(larger or asked))

        def look(request: ClipRequest) -> Forecast:
            return forecast(request, self._takes.has, pace, fresh=self._fresh, before=before)

        upsampled = look(larger).stages[-1] if larger else None
        return _Found(look(asked), upsampled, pace, self._looked(asked))

    def _measured(self, walk: tuple[Span, ...]) -> dict[str, float]:
        """Seconds a frame of what is there, by stage; the median, for the first one also loads."""
        seconds: dict[str, list[float]] = defaultdict(list)
        for span in walk:
            if len(seconds[span.stage]) < SAMPLED and (record := self._takes.record(span.key)):
                spent = record.get("facts", {}).get("seconds")
                if isinstance(spent, int | float):
                    seconds[span.stage].append(spent / len(span.makes))
        return {stage: median(some) for stage, some in seconds.items() if some}

    def _looked(self, asked: ClipRequest) -> dict[Place, QImage]:
        """The pictures of all keyframes that were decoded and are not known yet."""
        walk, made = spans(sparse(asked)), {}
        for span in (span for span in walk if span.key in last_keys(walk)):
            places = [(span.inputs[read.input], read.frame) for read in span.reads if read]
            if all(place in self.pictures for place in places) or not self._takes.has(span.key):
                continue
            arrays = self._takes.get(span.key) or {"frames": ()}
            made |= {
                place: shrunk(image(f)) for place, f in zip(places, arrays["frames"], strict=False)
            }
        return made
