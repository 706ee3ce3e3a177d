"""What can be done with the chosen take: by button, key and menu."""

from collections.abc import Callable, Mapping
from typing import Protocol

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from studio.project.project import Render
from studio.project.using import ALL, BUT_SEED, PROMPT, SEED
from studio.ui.widgets.gestures import LINE, Gesture, fill_menu

CHOOSE = "Choose a take first."
FIRST_ONE = "It is the first take of its shot."
IN_BIN = "It lies in the bin: take it out first."
GONE = "Its shot is deleted: look into File, Bin."
USES = (
    ("use", "Use all of its recipe", ALL),
    ("use_prompt", "Use its prompt", PROMPT),
    ("use_seed", "Use its seed", SEED),
    ("use_rest", "Use all but its seed", BUT_SEED),
)
LAYOUT = (
    "play", "compare", "timeline", "shot", LINE,
    "use", "use_prompt", "use_seed", "use_rest", "recipe", LINE,
    "star", "export", "reveal", LINE,
    "throw",
)  # fmt: skip
"""The lines of the menu, in groups."""


class Room(Protocol):
    """What is asked before a gesture is offered."""

    @property
    def chosen(self) -> Render | None: ...
    def before(self) -> Render | None: ...
    def has_shot(self) -> bool: ...
    def only_read(self) -> str: ...


def gestures_of(room: Room, acts: Mapping[str, Callable[[], object]]) -> dict[str, Gesture]:
    """What `acts` do by name, each with why it cannot be done now."""

    def need() -> str:
        return "" if room.chosen else CHOOSE

    def need_before() -> str:
        return need() or ("" if room.before() else FIRST_ONE)

    def need_shot() -> str:
        return need() or ("" if room.has_shot() else GONE)

    def need_change() -> str:
        return need() or room.only_read()

    def need_out() -> str:
        return need_change() or (IN_BIN if room.chosen and room.chosen.in_bin else "")

    rows = (
        ("play", "play", "Play", "Enter", need),
        ("compare", "compare", "Compare with the one before", "", need_before),
        ("timeline", "add", "Put on the timeline", "", need_out),
        ("shot", "clip", "Work on its shot", "", need_shot),
        *((name, "recipe", words, "", need_change) for name, words, _ in USES),
        ("recipe", "recipe", "Recipe …", "", need),
        ("star", "star", "Star, or no star", "S", need_change),
        ("export", "export", "Export …", "Ctrl+E", need),
        ("reveal", "folder", "Reveal in folder", "", need),
        ("throw", "bin", "Delete, or take out of the bin", "Del", need_change),
    )
    return {
        name: Gesture(name, icon, words, key, acts[name], reason)
        for name, icon, words, key, reason in rows
    }


def open_menu(parent: QWidget, gestures: Mapping[str, Gesture], at: QPoint) -> QMenu:
    """The menu of the chosen take, at a point of the screen."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    fill_menu(menu, gestures, LAYOUT)
    menu.popup(at)
    return menu
