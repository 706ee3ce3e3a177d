"""The mouse on the timeline: choosing, moving, trimming, scrubbing; Escape gives up a drag."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from studio.spec.timeline.marking import snaps
from studio.spec.timeline.sounding import FADE_IN, FADE_OUT
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.timeline.axis import Axis
from studio.ui.timeline.choice import ClipChoice
from studio.ui.timeline.dragging import REACH, Drop, Grab, faded, moved, slipping, trimmed
from studio.ui.timeline.edits import TimelineEdits
from studio.ui.timeline.hits import CLIP, GAP, RULE, Hit

FADES = (FADE_IN, FADE_OUT)
NEAR_END = 24
"""Pixels at the right end at which a drag scrolls."""


class Pointer(QObject):
    """What the pointer holds, and what letting go would do.

    Nothing is edited before the button is let go.
    """

    changed = Signal()
    extend_asked = Signal(str, str, int)
    """A clip was drawn past what its take has: its id, the end, and by how many frames."""

    def __init__(
        self, axis: Axis, edits: TimelineEdits, player: TimelinePlayer, choice: ClipChoice
    ) -> None:
        super().__init__()
        self._axis, self._edits, self._player, self._choice = axis, edits, player, choice
        self.drop: Drop | None = None
        self.gap: Hit | None = None
        """The gap that was clicked last."""
        self.snapping = True
        self._grab: Grab | None = None
        self._from = 0.0
        self._scrubs = False

    @property
    def is_dragging(self) -> bool:
        return self.drop is not None

    def press(self, event: QMouseEvent) -> None:
        """Take hold of what is there."""
        x, y = event.position().x(), event.position().y()
        found = self._axis.hit(x, y)
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self.gap = found if found.what == GAP else None
        if found.what == CLIP:
            self._choose(found, ctrl, right=event.button() == Qt.MouseButton.RightButton)
            if event.button() == Qt.MouseButton.LeftButton and not ctrl:
                self._take(found, x)
        elif found.what == RULE and event.button() == Qt.MouseButton.LeftButton:
            self._scrubs = True
            self._player.go(self._scrubbed(x))
        elif not ctrl:
            self._choice.one("")
            if found.what == GAP and event.button() == Qt.MouseButton.LeftButton:
                self._player.go(found.frame)
        self.changed.emit()

    def move(self, event: QMouseEvent) -> None:
        """Follow the pointer while the left button is down."""
        x, y = event.position().x(), event.position().y()
        if self._scrubs:
            self._player.go(self._scrubbed(x))
            return
        grab = self._grab
        if grab is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if self.drop is None and abs(x - self._from) < QApplication.startDragDistance():
            return
        self._axis.scroll_at(x, NEAR_END)
        held_off = event.modifiers() & Qt.KeyboardModifier.AltModifier
        snaps_now = self.snapping and not held_off
        reach = round(REACH / self._axis.scale.zoom) if snaps_now else 0
        grab = grab if snaps_now else Grab(grab.clip, grab.end, grab.frame, grab.chosen, ())
        timeline, frame = self._edits.timeline, self._axis.scale.frame(x)
        if grab.end in FADES:
            self.drop = faded(timeline, grab, frame)
        elif held_off and not grab.end:
            self.drop = slipping(timeline, grab, frame, self._edits.media)
        elif grab.end:
            self.drop = trimmed(timeline, grab, frame, self._edits.media, reach)
        else:
            self.drop = moved(timeline, grab, frame, self._axis.track(y), reach)
        self.changed.emit()

    def release(self, event: QMouseEvent) -> None:
        """Do what the drag has shown."""
        grab, drop = self._grab, self.drop
        self.give_up()
        if grab is None or drop is None or event.button() != Qt.MouseButton.LeftButton:
            return
        ripple = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if grab.end in FADES:
            self._edits.fade(grab.clip, grab.end, drop.by)
        elif drop.slipped:
            self._edits.slip(grab.clip, drop.slipped)
        elif grab.end and drop.beyond:
            self.extend_asked.emit(grab.clip, grab.end, abs(drop.by))
        elif grab.end and drop.by:
            self._edits.trim(grab.clip, grab.end, drop.by, ripple=ripple)
        elif not grab.end and (drop.by or drop.tracks):
            self._edits.move(grab.chosen, drop.by, drop.tracks)

    def give_up(self) -> bool:
        """End a drag without doing anything; False where there was none."""
        was = self.drop is not None or self._scrubs
        self._grab, self.drop, self._scrubs = None, None, False
        self.changed.emit()
        return was

    def _choose(self, found: Hit, ctrl: bool, *, right: bool) -> None:
        if ctrl:
            self._choice.toggle(found.clip)
        elif found.clip not in self._choice.chosen:
            self._choice.one(found.clip)
        elif not right:
            self._choice.set(self._choice.chosen, found.clip)

    def _take(self, found: Hit, x: float) -> None:
        timeline = self._edits.timeline
        if timeline.track(found.track).locked or self._edits.only_read:
            return
        chosen = self._choice.chosen
        group = {other for id in chosen for other in timeline.linked(id)}
        places = snaps(timeline, group, self._player.position)
        frame = self._axis.scale.frame(x)
        self._grab = Grab(found.clip, found.end, frame, chosen, places)
        self._from = x

    def _scrubbed(self, x: float) -> int:
        return min(self._axis.scale.at(x), max(0, self._edits.timeline.length - 1))
