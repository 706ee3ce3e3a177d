"""Alt and an arrow: clips moved by keys, in time or to another track."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from studio.ui.timeline.axis import Axis
from studio.ui.timeline.choice import ClipChoice
from studio.ui.timeline.edits import TimelineEdits

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_RISES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


def nudge(event: QKeyEvent, edits: TimelineEdits, axis: Axis, choice: ClipChoice) -> bool:
    """The chosen clips one frame on, with Shift a second; or a track up or down.  False for any
    other key."""
    alt, shift = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
    held, key = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier, Qt.Key(event.key())
    if held == alt and key in _RISES:
        return _lift(edits, axis, choice.current, _RISES[key])
    if key not in _STEPS or held & ~shift != alt or not choice.chosen:
        return False
    by = _STEPS[key] * (round(edits.timeline.rate) if held & shift else 1)
    edits.move(choice.chosen, by, {}, merge=True)
    return True


def _lift(edits: TimelineEdits, axis: Axis, clip: str, step: int) -> bool:
    """A clip to the next track of its kind, in its place."""
    timeline = edits.timeline
    if clip not in timeline:
        return False
    own = timeline.where(clip)[0]
    tracks = [timeline.tracks[row.number] for row in axis.rows]
    same = [track.id for track in tracks if track.kind == own.kind]
    at = same.index(own.id) + step
    if 0 <= at < len(same):
        edits.move((clip,), 0, {clip: same[at]})
    return True
