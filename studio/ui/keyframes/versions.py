"""Versions of the shot's keyframes, and the switch that goes back and on among them."""

from collections.abc import Callable, Collection
from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from studio.spec import versions
from studio.spec.spans import strip_of
from studio.spec.strip import Strip
from studio.spec.versions import Version
from studio.ui.state.document import Document
from studio.ui.state.render_forecast import RenderForecast
from studio.ui.state.shot_state import PresentShot
from studio.ui.widgets.controls import set_enabled, tool
from studio.ui.widgets.icons import Icons


class KeyframeVersions(QObject):
    """What the keyframes of the present shot were, and are; numbers are those of the strip."""

    def __init__(
        self, document: Document, present: PresentShot, render_forecast: RenderForecast
    ) -> None:
        super().__init__()
        self._document, self._present, self._render_forecast = document, present, render_forecast

    def of(self, number: int) -> tuple[Version, ...]:
        """What a keyframe was, the oldest first, and what it is where that is made."""
        now, kept = self.present(number), self._kept(number)
        return versions.remembered(kept, now) if now else kept

    def present(self, number: int) -> Version | None:
        """What a keyframe is now; None until it is made, and while that is looked up."""
        strip, found = self._present.state.strip, self._render_forecast.forecast
        if strip is None:
            return None
        key = strip.keys[number]
        source, position = strip.sources[key.source], strip.position(key)
        if source.take:
            return Version(position, source.take, key.frame, source.space)
        if found is None or strip_of(found.request) != strip or not found.made[number]:
            return None
        frame = found.keyframes[number]
        return Version(position, frame.key, frame.frame, frame.space)

    def place(self, number: int) -> tuple[int, int]:
        """Which of how many versions a keyframe shows; one that is being made is the last."""
        there, now = self.of(number), self.present(number)
        return (there.index(now), len(there)) if now else (len(there), len(there) + 1)

    def is_known(self, number: int) -> bool:
        """Whether it has been looked up if a keyframe is made: what it is could be forgotten else."""
        strip, found = self._present.state.strip, self._render_forecast.forecast
        if strip is None:
            return False
        if strip.sources[strip.keys[number].source].take:
            return True
        return found is not None and strip_of(found.request) == strip

    def beside(self, number: int, step: int) -> Version | None:
        """The version `step` places on from what a keyframe is, or back where it is below 0."""
        if not self.is_known(number):
            return None
        there, (here, _) = self.of(number), self.place(number)
        return there[here + step] if 0 <= here + step < len(there) else None

    def remembered(self, edited: Strip, anew: Collection[int]) -> tuple[Version, ...]:
        """The shot's versions with what keyframes are now, at the places where they will be."""
        kept = self._document.shot.versions
        for number in sorted(set(anew)):
            place = edited.position(edited.keys[number])
            kept = versions.remembered(
                kept, *(replace(version, position=place) for version in self.of(number))
            )
        return kept

    def _kept(self, number: int) -> tuple[Version, ...]:
        """Of keyframes that were made at one place, the last has what was there."""
        if (strip := self._present.state.strip) is None:
            return ()
        positions = list(map(strip.position, strip.keys))
        is_last = positions[number] not in positions[number + 1 :]
        return versions.at(self._document.shot.versions, positions[number]) if is_last else ()


class VersionSwitch(QWidget):
    """‹ 2 of 3 ›: hidden unless one keyframe is chosen that has versions."""

    def __init__(
        self, kept: KeyframeVersions, choose: Callable[[int, int], object], icons: Icons
    ) -> None:
        super().__init__()
        self._versions, self._choose = kept, choose
        self._number: int | None = None
        self.back = tool(icons, "frame_back", "Version before (,)")
        self.on = tool(icons, "frame_on", "Version after (.)")
        self.label = QLabel()
        self.label.setProperty("role", "small")
        self.back.clicked.connect(lambda: self.step(-1))
        self.on.clicked.connect(lambda: self.step(1))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.back, self.label, self.on):
            layout.addWidget(part)
        self.setVisible(False)

    def reflect(self, chosen: Collection[int], disabled_reason: str) -> None:
        """Show the versions of the one keyframe that is chosen."""
        self._number = next(iter(chosen)) if len(chosen) == 1 and not disabled_reason else None
        place, count = (0, 0) if self._number is None else self._versions.place(self._number)
        self.setVisible(count > 1)
        self.label.setText(f"{place + 1} of {count}")
        set_enabled(self.back, self.disabled_reason(-1))
        set_enabled(self.on, self.disabled_reason(1))

    def step(self, by: int) -> None:
        """Go to another version of the keyframe."""
        if self._number is not None and not self.disabled_reason(by):
            self._choose(self._number, by)

    def disabled_reason(self, by: int) -> str:
        """Why there is no version that way, or ""."""
        if self._number is None:
            return "Choose one keyframe first."
        if not self._versions.is_known(self._number):
            return "It is being looked up which versions there are."
        if self._versions.beside(self._number, by):
            return ""
        return "There is no version before this one." if by < 0 else "This is the last version."
