"""How the clips of the timeline stand, looked up anew after each change that may concern it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from studio.jobs.queue import Queue
from studio.project.timeline_edits import requests
from studio.spec.quantities import duration
from studio.spec.timeline.states import CHANGED, MADE, NEIGHBOUR, TO_MAKE, Piece, Plan
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.model_list import ModelList
from studio.ui.state.timeline_lookup import Asked, Found, Range, TakeFrames, TimelineLookup

if TYPE_CHECKING:
    from studio.project.takes import TakeStore

SETTLE_MS = 150
WORDS: Mapping[str, str] = {
    MADE: "made",
    CHANGED: "out of date",
    NEIGHBOUR: "made for another neighbour",
    TO_MAKE: "to make",
}
"""The states of clips, as a person would say them."""


class TimelineLook(QObject):
    """One look at a time; what changes meanwhile is looked at next."""

    changed = Signal()

    def __init__(
        self,
        document: Document,
        queue: Queue,
        model_list: ModelList,
        span_results: "TakeStore",
        background: Background,
    ) -> None:
        super().__init__()
        self._document, self._model_list, self._background = document, model_list, background
        self._lookup = TimelineLookup(span_results)
        self.found: Found | None = None
        self._is_looking = self._again = self._stopped = False
        self._pieces: dict[str, Piece] = {}
        self._words: dict[str, str] = {}
        self._later = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._later.timeout.connect(self.look)
        for source in (document.changed, document.subjects_changed, model_list.changed):
            source.connect(self._later.start)
        queue.finished.connect(lambda *_: self._later.start())
        self._later.start()

    @property
    def is_looking(self) -> bool:
        """Whether a look is under way, or about to be."""
        return self._is_looking or self._later.isActive()

    @property
    def pace(self) -> Mapping[str, float]:
        """Seconds a frame by stage."""
        return self._lookup.pace

    @property
    def plan(self) -> Plan:
        """The states of clips and the pieces to render; empty until somebody has looked."""
        return self.found.plan if self.found else Plan({}, ())

    def take(self, take: str) -> TakeFrames | None:
        """Where the frames of a take on the timeline are; None while that is not known."""
        return self.found.takes.get(take) if self.found else None

    def state(self, clip: str) -> str:
        """How a clip stands, "" while nobody knows."""
        return self.plan.states.get(clip, "")

    def piece(self, clip: str) -> Piece | None:
        """What a render would make for a clip; None where that is nothing."""
        return self._pieces.get(clip)

    def holes(self, clip: str) -> tuple[Range, ...]:
        """The frames of a clip's medium that a render would make."""
        return self.found.holes.get(clip, ()) if self.found else ()

    def is_draft(self, clip: str) -> bool:
        """Whether a clip shows a draft of what its shot is now."""
        return bool(self.found and clip in self.found.drafts)

    def words(self, clip: str) -> str:
        """How a clip stands: "made", "out of date · 8 s", "to make · 18 s"."""
        if clip not in self._words:
            self._words[clip] = self._spoken(clip)
        return self._words[clip]

    def _spoken(self, clip: str) -> str:
        state, piece = self.state(clip), self.piece(clip)
        words = "draft" if self.is_draft(clip) else WORDS.get(state, "")
        if piece is None or piece.work.seconds is None:
            return words
        return f"{words} · {duration(piece.work.seconds)}" if piece.work.missing else words

    def look(self) -> None:
        """Look at the disk again."""
        self._later.stop()
        if self._is_looking:
            self._again = True
            return
        if self._stopped:
            return
        self._is_looking = True
        project = self._document.project
        asked = Asked(
            project.timeline, requests(project), project.shots, self._document.subjects,
            self._model_list.found,
        )  # fmt: skip
        work = lambda: self._lookup.look(asked)  # noqa: E731
        self._background.ask(work, self._become, self._could_not, owner=self)

    def stop(self) -> None:
        """Look no more: the window closes."""
        self._stopped = True
        self._later.stop()

    def _become(self, found: Found) -> None:
        self._is_looking = False
        self.found, self._words = found, {}
        self._pieces = {clip: piece for piece in found.plan.pieces for clip in piece.clips}
        self.changed.emit()
        self._look_again()

    def _could_not(self, error: Exception) -> None:
        self._is_looking = False
        self._look_again()
        raise error

    def _look_again(self) -> None:
        if self._again and not self._stopped:
            self._again = False
            self._later.start()
