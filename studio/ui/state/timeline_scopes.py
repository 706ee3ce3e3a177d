"""Brightness, flicker and likeness of the timeline over time, read part by part while somebody looks
at them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from studio.spec.refusal import Refusal
from studio.spec.timeline.playing import runs
from studio.spec.timeline.timeline import Timeline
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.likeness_scope import Known, LikenessScope, Place, Shown, read
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
    """A range of a clip that flickers, or is less like its subject than the rest (`unlike`): frames
    of the timeline, `end` the one after the last."""

    clip: str
    first: int
    end: int
    unlike: bool = False


@dataclass(frozen=True)
class Scopes:
    """Brightness 0..1, flicker, and likeness -1..1 to its take's subject of every frame of a timeline,
    NaN where nothing is known; `subjects` are the names of those compared with."""

    brightness: "np.ndarray"
    flicker: "np.ndarray"
    likeness: "np.ndarray"
    dips: tuple[Dip, ...]
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """Brightness of parts by their key, and likeness of those that show a subject."""

    bright: "Mapping[str, np.ndarray]"
    alike: "Mapping[Place, np.ndarray]"


class TimelineScopes(QObject):
    """Reads while it is on; of each part brightness and likeness alone are kept."""

    changed = Signal()

    def __init__(
        self, document: Document, player: TimelinePlayer, read: Read, likeness: LikenessScope
    ) -> None:
        super().__init__()
        self._document, self._player, self._read = document, player, read
        self._likeness = likeness
        self._alike: Known = {}
        self._reader = Background(1)
        self._bright: dict[str, np.ndarray] = {}
        self._is_on = self._is_reading = self._again = False
        self.found: Scopes | None = None
        self._later = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._later.timeout.connect(self._look)
        document.laid_out.connect(self._wait)
        likeness.changed.connect(self._wait)
        player.media_changed.connect(self._wait)

    def turn(self, *, on: bool) -> None:
        """Read from now on, or no more."""
        self._is_on = on
        self._likeness.turn(on=on)
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

    def _look(self) -> None:
        self._again = self._is_reading
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
        subjects, more = self._likeness.subjects(media), len(wanted) > TOGETHER
        work = lambda: self._looked(timeline, media, wanted[:TOGETHER], subjects)  # noqa: E731
        self._reader.ask(work, lambda found: self._come(*found, more=more), owner=self)

    def _looked(
        self,
        timeline: Timeline,
        media: Mapping[str, TakeFrames],
        wanted: Sequence[str],
        subjects: Mapping[str, Shown],
    ) -> tuple[Scopes, tuple[Place, ...]]:
        """Elsewhere."""
        import numpy as np

        from studio.media.scopes import brightness

        for key in wanted:
            try:
                self._bright[key] = brightness(self._read(key))
            except Refusal:
                self._bright[key] = np.zeros(0, np.float32)
        missing = read(self._document.folder, subjects, media, self._alike)
        measured = Measured(self._bright, self._alike)
        return scopes(timeline, media, measured, subjects), missing

    def _come(self, found: Scopes, missing: Sequence[Place], *, more: bool) -> None:
        self._is_reading, self.found = False, found
        self.changed.emit()
        if self._is_on:
            self._likeness.measure(missing)
        if more or self._again:
            self._look()


def scopes(
    timeline: Timeline,
    media: Mapping[str, TakeFrames],
    measured: Measured,
    subjects: Mapping[str, Shown],
) -> Scopes:
    """What is known of a timeline, by what is known of parts; `subjects` by the takes' ids."""
    import numpy as np

    from studio.media.scopes import dips, falls, flicker

    levels = np.full(timeline.length, np.nan, np.float32)
    flickers, likeness = np.zeros_like(levels), np.full_like(levels, np.nan)
    marked: list[Dip] = []
    whole = {id: _joined(there, measured.bright) for id, there in media.items()}
    alike = {id: _joined(media[id], _of(subject, measured)) for id, subject in subjects.items()}
    for run in runs(timeline):
        medium = _medium_of(run)
        if run.shown is None or medium not in whole or run.shown.clip.footage is None:
            continue
        footage, first = run.shown.clip.footage, run.shown.number
        numbers = [footage.frame(n, timeline.rate) for n in range(first, first + run.length)]
        here = slice(run.start, run.start + run.length)
        levels[here] = _seen(whole[medium], numbers)
        flickers[here] = flicker(levels[here])
        if medium in alike:
            likeness[here] = _seen(alike[medium], numbers)
        found = [(*ends, False) for ends in dips(flickers[here])]
        found += [(*ends, True) for ends in falls(likeness[here])]
        marked += [
            Dip(run.shown.clip.id, run.start + low, run.start + high, unlike)
            for low, high, unlike in found
        ]
    names = tuple(sorted({subject.name for subject in subjects.values()}))
    return Scopes(levels, flickers, likeness, tuple(marked), names)


def _of(subject: Shown, measured: Measured) -> "Mapping[str, np.ndarray]":
    """What is known of parts that show a subject, by their key."""
    return {key: found for (shown, key), found in measured.alike.items() if shown == subject}


def _seen(known: "np.ndarray", numbers: Sequence[int]) -> "np.ndarray":
    import numpy as np

    return known[np.clip(numbers, 0, len(known) - 1)]


def _joined(there: TakeFrames, measured: "Mapping[str, np.ndarray]") -> "np.ndarray":
    """What is known of all frames of a medium, NaN where nobody has looked."""
    import numpy as np

    parts = []
    for part in there.parts:
        known = measured.get(part.key, np.zeros(0, np.float32))[: part.frames]
        parts += [known, np.full(part.frames - len(known), np.nan, np.float32)]
    return np.concatenate(parts) if parts else np.full(1, np.nan, np.float32)


def _medium_of(run) -> str:
    footage = run.shown.clip.footage if run.shown else None
    return footage.medium if footage else ""
