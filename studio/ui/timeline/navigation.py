"""Keys that move about on the timeline: the playhead, the chosen clip, the zoom."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from studio.spec.timeline.marking import snaps
from studio.spec.timeline.timeline import Timeline
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.timeline.axis import Axis
from studio.ui.timeline.choice import ClipChoice, across, beside

PLAYING = (Qt.Key.Key_Space, Qt.Key.Key_J, Qt.Key.Key_K, Qt.Key.Key_L)


def navigate(
    event: QKeyEvent, timeline: Timeline, axis: Axis, choice: ClipChoice, player: TimelinePlayer
) -> bool:
    """Do what a key means; False where it means nothing here, or is the player's."""
    key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if held == Qt.KeyboardModifier.NoModifier and key in PLAYING:
        player.show()  # the window has the player play what is on it
        return False
    step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(
        key
    )
    if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and held in (
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.ShiftModifier,
    ):
        player.step((step or 0) * (round(timeline.rate) if held else 1))
    elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and held == Qt.KeyboardModifier.NoModifier:
        player.go(_edit(timeline, player.position, step or 0))
    elif step and held in (
        Qt.KeyboardModifier.ControlModifier,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    ):
        _choose(
            timeline, axis, choice, key, step, more=bool(held & Qt.KeyboardModifier.ShiftModifier)
        )
    elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and held == Qt.KeyboardModifier.NoModifier:
        player.go(0 if key == Qt.Key.Key_Home else max(0, timeline.length - 1))
    elif (
        key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus)
        and not held & Qt.KeyboardModifier.ControlModifier
    ):
        x = axis.scale.x(player.position)
        inside = 0 <= x <= axis.scale.width
        axis.zoom(-1 if key == Qt.Key.Key_Minus else 1, x if inside else axis.scale.width / 2)
    elif key == Qt.Key.Key_0 and held == Qt.KeyboardModifier.NoModifier:
        axis.fit()
    elif key == Qt.Key.Key_Escape and choice.chosen:
        choice.one("")
    else:
        return False
    return True


def _edit(timeline: Timeline, position: int, step: int) -> int:
    """The next place where something begins or ends, or the one before."""
    places = snaps(timeline)
    if step > 0:
        return next((place for place in places if place > position), position)
    return next((place for place in reversed(places) if place < position), position)


def _choose(
    timeline: Timeline, axis: Axis, choice: ClipChoice, key: Qt.Key, step: int, *, more: bool
) -> None:
    """The next clip of the track, or the one above or below."""
    if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
        clip = beside(timeline, choice.current, step)
    else:
        clip = across(timeline, choice.current, [row.number for row in axis.rows], step)
    if not clip:
        return
    choice.set(choice.chosen | {clip} if more else (clip,), clip)
    axis.show(timeline.start(clip))
