"""Every command of the window, declared once: menus and the keys that they come with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QWidget

from studio.ui.state.keymap import Entry, Keymap
from studio.ui.widgets.controls import Panel

if TYPE_CHECKING:
    from studio.ui.state.document import Document

MENUS = ("File", "Edit", "Shot", "Keyframes", "Timeline", "Playback", "View", "Help")
"""Those that no command names list what a room offers."""


@dataclass(frozen=True, slots=True)
class Command:
    """`name` finds what it does; `keys` are Qt key names, the first is shown.

    `begins` a group: there is a line above it in its menu.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    begins: bool = False


COMMANDS = (
    Command("new_project", "File", "New project …"),
    Command("open_project", "File", "Open project …", ("Ctrl+O",)),
    Command("rename_project", "File", "Rename project …"),
    Command("add_folder", "File", "Add a folder of models …", begins=True),
    Command("add_subject", "File", "New subject from photos …", ("Ctrl+Shift+N",)),
    Command("import_lora", "File", "A LoRA as a subject …"),
    Command("export", "File", "Export …", ("Ctrl+E",), begins=True),
    Command("timeline_out", "File", "Timeline for other programs …"),
    Command("timeline_in", "File", "Open a timeline …"),
    Command("bin", "File", "Bin …", begins=True),
    Command("space", "File", "Disk …"),
    Command("quit", "File", "Quit", ("Ctrl+Q",), begins=True),
    Command("undo", "Edit", "Undo", ("Ctrl+Z", "Alt+Backspace")),
    Command("redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y", "Alt+Shift+Backspace")),
    Command("preview", "Shot", "Preview keyframes", ("Ctrl+Enter", "Ctrl+Return")),
    Command("render", "Shot", "Render", ("Ctrl+Shift+Enter", "Ctrl+Shift+Return")),
    Command("variations", "Shot", "Variations …", ("Ctrl+Shift+V",)),
    Command("stop", "Shot", "Cancel what runs", ("Ctrl+Alt+Enter", "Ctrl+Alt+Return"), begins=True),
    Command("new_shot", "Shot", "New shot", ("Ctrl+N",), begins=True),
    Command("remove_shot", "Shot", "Delete shot"),
    Command("subjects", "View", "Subjects", ("Ctrl+1",)),
    Command("takes", "View", "Takes", ("Ctrl+2",)),
    Command("player", "View", "Player", ("Ctrl+3",)),
    Command("shot", "View", "Shot", ("Ctrl+4",)),
    Command("library", "View", "Library", ("Ctrl+5",)),
    Command("timeline", "View", "Timeline", ("Ctrl+6",), begins=True),
    Command("keyframes", "View", "Keyframes", ("Ctrl+7",)),
    Command("queue", "View", "Queue", ("Ctrl+J",)),
    Command("compare", "View", "Compare takes …", ("Ctrl+Shift+C",), begins=True),
    Command("full_screen", "View", "Player on the whole screen", ("F11",)),
    Command("arrange", "View", "Arrange as at first", begins=True),
    Command("guide", "Help", "Guide", ("Shift+F1",)),
    Command("keys", "Help", "Keys", ("F1", "?")),
    Command("about", "Help", "About", begins=True),
)
FIXED = (
    ("Open the menus", "F10, Alt+letter"),
    ("Press the button that has the focus", "Enter"),
    ("Back to what was on the player before", "Esc"),
    ("Star a take, delete a take", "S, Del"),
    ("Words stronger or weaker", "Ctrl+↑ ↓"),
    ("Earlier and later words of this shot", "Alt+↑ ↓"),
    ("Reorder or cancel a job in the queue", "Alt+↑ ↓, Del"),
    ("On the keyframes: choose the next, choose more", "← →, Shift+← →"),
    ("Move a keyframe", "Alt+← →"),
    ("On the timeline: next and earlier edges", "↑ ↓"),
    ("Choose a clip, choose more", "Ctrl+arrows, Ctrl+Shift+arrows"),
    ("Work on the shot of a clip", "Enter"),
    ("Move a clip by a frame, by a second", "Alt+← →, Alt+Shift+← →"),
    ("Move a clip to another track", "Alt+↑ ↓"),
    ("See closer, see all", "+ -, 0"),
    ("By single frames, while K is held", "K+J, K+L"),
    ("Show a frame earlier or later under a clip", "Alt+drag"),
    ("Zoom, scroll, higher tracks", "Ctrl+wheel, wheel, Alt+wheel"),
)
"""Keys that stay as they are: they go about in a room, and are the same in every program."""


def is_command(event: QKeyEvent, focused: QWidget | None) -> bool:
    """Whether a key that no control wanted can be a command.

    Not beside text fields, where it was meant for one of them.  There only Space counts, and only on
    a button, which got the focus by Tab.
    """
    if isinstance(focused, QAbstractButton) and event.key() == Qt.Key.Key_Space:
        return True
    at = focused
    while at is not None and not isinstance(at, Panel):
        at = at.parentWidget()
    return at is None or not at.letters_are_text


def make_actions(
    handlers: Mapping[str, Callable[[], object]], keymap: Keymap, parent: QWidget
) -> dict[str, QAction]:
    """An action per command, which has the key that the user gave it; KeyError without a handler."""
    actions = {}
    keymap.offer(Entry(c.menu, c.name, c.text, c.keys, everywhere=True) for c in COMMANDS)
    for command in COMMANDS:
        action = QAction(command.text, parent)
        action.setObjectName(command.name)
        action.setMenuRole(QAction.MenuRole.NoRole)
        handler = handlers[command.name]
        action.triggered.connect(lambda _=False, handler=handler: handler())
        parent.addAction(action)
        actions[command.name] = action
    take_keys(actions, keymap)
    keymap.changed.connect(lambda: take_keys(actions, keymap))
    return actions


def take_keys(actions: Mapping[str, QAction], keymap: Keymap) -> None:
    """Give each action the keys that it has now."""
    for command in COMMANDS:
        keys = keymap.keys(f"{command.menu}.{command.name}")
        actions[command.name].setShortcuts([QKeySequence(key) for key in keys])


def reflect_actions(actions: Mapping[str, QAction], document: Document, *, has_take: bool) -> None:
    """Enable the actions that the document allows, and name the steps of its history."""
    for name, step in (("undo", document.undo_label), ("redo", document.redo_label)):
        actions[name].setEnabled(bool(step))
        actions[name].setText(f"{name.capitalize()} {step.lower()}".strip())
    actions["export"].setEnabled(has_take or bool(document.project.timeline.length))
    actions["timeline_out"].setEnabled(bool(document.project.timeline.length))
    actions["timeline_in"].setEnabled(not document.read_only)
    actions["remove_shot"].setEnabled(len(document.project.shots) > 1)
