"""Menus of the timeline: all gestures, those first that belong to what lies under the pointer."""

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from studio.ui.timeline.edits import TimelineEdits
from studio.ui.timeline.hits import CLIP, GAP, Hit
from studio.ui.widgets.controls import tip
from studio.ui.widgets.gestures import LINE, Gesture, fill_menu, underline, without

FIRST = {
    CLIP: (
        "split", "head", "tail", "delete", "ripple", "extend", "bridge", "loop", "retake", "render",
        "travel", "speed", "between", "gain",
    ),
    GAP: ("fill", "fill_all", "close", "file"),
}  # fmt: skip
LAYOUT = (
    "render", "draft", LINE,
    "add", "file", "lay_out", "track", LINE,
    "split", "head", "tail", "delete", "ripple", "close", LINE,
    "fill", "fill_all", "bridge", "extend", "retake", "loop", LINE,
    ("Words", ("words", "travel")),
    ("Marks", ("marker", "in", "out", "unmark")),
    ("Speed and slip", ("speed", "between", "blend", "slip_back", "slip_on")),
    ("Loudness", ("gain", "softer", "louder")), LINE,
    "snap", "scopes",
)  # fmt: skip
"""The menu of all of them: making, bringing, cutting, filling, words, and what is adjusted."""
SWITCHES = (
    ("on", "Turn this track on", "Turn this track off"),
    ("locked", "Lock this track", "Unlock this track"),
    ("synced", "Move it along with others", "Leave it where it is when others move"),
)
"""What can be switched of a track, and what switching it on and off is called."""


def open_menu(
    parent: QWidget, gestures: Mapping[str, Gesture], edits: TimelineEdits, found: Hit, at: QPoint
) -> None:
    """The menu of a place, at a point of the screen."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    first = FIRST.get(found.what, ())
    fill_menu(menu, gestures, (*first, LINE, ("More", without(LAYOUT, first))) if first else LAYOUT)
    if found.track:
        menu.addSeparator()
        _add_switches(menu, edits, found.track)
    underline(menu)
    menu.popup(at)


def _add_switches(menu: QMenu, edits: TimelineEdits, id: str) -> None:
    track = edits.timeline.track(id)
    remove = menu.addAction(
        "Remove this track with its clips" if track.clips else "Remove this track"
    )
    remove.setEnabled(not edits.only_read)
    tip(remove, edits.only_read)
    remove.triggered.connect(lambda _=False: edits.remove_track(id))
    for what, to_on, to_off in SWITCHES:
        action = menu.addAction(to_off if getattr(track, what) else to_on)
        action.setEnabled(not edits.only_read)
        tip(action, edits.only_read)
        action.triggered.connect(lambda _=False, what=what: edits.switch_track(id, what))
