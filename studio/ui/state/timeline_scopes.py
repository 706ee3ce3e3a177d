"""Brightness and flicker of the timeline over time, read part by part while somebody looks at them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from studio.spec.refusal import Refusal
from studio.spec.timeline.playing import runs
from studio.spec.timeline.timeline import Timeline
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.timeline_lookup import TakeFrames
from studio.ui.state.timeline_player import TimelinePlayer

if TYPE_CHECKING:
    import numpy as np

SETTLE_MS = 300
TOGETHER = 4
"""Parts that are read before what is known is shown."""
Read = Callable[[str], "Sequence[np.ndarray] | np.ndarray"]
Medium = Callable[[str], TakeFrames | None]


@dataclass(frozen=True)
class Dip:
    """A range of a clip that flickers: frames of the timeline, `end` the one after the last."""

    clip: str
    first: int
    end: int


@dataclass(frozen=True)
class Scopes:
    """Brightness 0..1 and flicker of every frame of a timeline, NaN where nothing is known."""

    brightness: "np.ndarray"
    flicker: "np.ndarray"
    dips: tuple[Dip, ...]


class TimelineScopes(QObject):
    """Reads while it is on; of each part the brightness alone is kept."""

    changed = Signal()

    def __init__(self, document: Document, player: TimelinePlayer, read: Read) -> None:
        super().__init__()
        self._document, self._player, self._read = document, player, read
        self._reader = Background(1)
        self._bright: dict[str, np.ndarray] = {}
        self._is_on = self._is_reading = False
        self.found: Scopes | None = None
        self._later = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._later.timeout.connect(self._look)
        document.changed.connect(self._wait)
        player.moved.connect(self._wait_for_first)

    def turn(self, *, on: bool) -> None:
        """Read from now on, or no more."""
        self._is_on = on
        if on:
            self._look()
        else:
            self._later.stop()

    def close(self) -> None:
        """Read no more, and wait for what is being read."""
        self._is_on = False
        self._later.stop()
        self._reader.close()

    def _wait(self) -> None:
        if self._is_on:
            self._later.start()

    def _wait_for_first(self) -> None:
        if self.found is None:
            self._wait()

    def _look(self) -> None:
        if not self._is_on or self._is_reading:
            return
        timeline, medium = self._document.project.timeline, self._player.medium
        ids = {_medium_of(run) for run in runs(timeline)} - {""}
        media = {id: there for id in ids if (there := medium(id)) is not None}
        wanted = [
            part.key for there in media.values() for part in there.parts
            if part.key not in there.missing and part.key not in self._bright
        ]  # fmt: skip
        self._is_reading = True
        work = lambda: self._looked(timeline, media, wanted[:TOGETHER])  # noqa: E731
        self._reader.ask(work, lambda f: self._come(f, more=len(wanted) > TOGETHER), owner=self)

    def _looked(
        self, timeline: Timeline, media: Mapping[str, TakeFrames], wanted: Sequence[str]
    ) -> Scopes:
        """Elsewhere."""
        import numpy as np

        from studio.media.scopes import brightness

        for key in wanted:
            try:
                self._bright[key] = brightness(self._read(key))
            except Refusal:
                self._bright[key] = np.zeros(0, np.float32)
        return scopes(timeline, media, self._bright)

    def _come(self, found: Scopes, *, more: bool) -> None:
        self._is_reading, self.found = False, found
        self.changed.emit()
        if more:
            self._look()


def scopes(
    timeline: Timeline, media: Mapping[str, TakeFrames], bright: "Mapping[str, np.ndarray]"
) -> Scopes:
    """What is known of a timeline, by the brightness of parts."""
    import numpy as np

    from studio.media.scopes import dips, flicker

    levels = np.full(timeline.length, np.nan, np.float32)
    flickers = np.zeros(timeline.length, np.float32)
    marked: list[Dip] = []
    whole = {id: _joined(there, bright) for id, there in media.items()}
    for run in runs(timeline):
        known = whole.get(_medium_of(run))
        if run.shown is None or known is None or run.shown.clip.footage is None:
            continue
        footage, first = run.shown.clip.footage, run.shown.number
        numbers = [footage.frame(n, timeline.rate) for n in range(first, first + run.length)]
        seen = known[np.clip(numbers, 0, len(known) - 1)]
        end = run.start + run.length
        levels[run.start : end], flickers[run.start : end] = seen, flicker(seen)
        marked += [
            Dip(run.shown.clip.id, run.start + low, run.start + high)
            for low, high in dips(flickers[run.start : end])
        ]
    return Scopes(levels, flickers, tuple(marked))


def _joined(there: TakeFrames, bright: "Mapping[str, np.ndarray]") -> "np.ndarray":
    """The brightness of all frames of a medium, NaN where nobody has looked."""
    import numpy as np

    parts = []
    for part in there.parts:
        known = bright.get(part.key, np.zeros(0, np.float32))[: part.frames]
        parts += [known, np.full(part.frames - len(known), np.nan, np.float32)]
    return np.concatenate(parts) if parts else np.full(1, np.nan, np.float32)


def _medium_of(run) -> str:
    footage = run.shown.clip.footage if run.shown else None
    return footage.medium if footage else ""
