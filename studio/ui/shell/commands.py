"""Every command of the window, declared once: menus, keys and the list of keys come from here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QDialog, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from studio.ui.state.document import Document
from studio.ui.widgets.controls import Panel, column, label, push, row
from studio.ui.widgets.theme import UNIT

MENUS = ("File", "Edit", "Shot", "View", "Help")


@dataclass(frozen=True, slots=True)
class Command:
    """`name` finds what it does; `keys` are Qt key names, the first is shown."""

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()


COMMANDS = (
    Command("new_project", "File", "New project …"),
    Command("open_project", "File", "Open project …", ("Ctrl+O",)),
    Command("rename_project", "File", "Rename project …"),
    Command("add_folder", "File", "Add a folder of models …"),
    Command("add_subject", "File", "New subject from photos …", ("Ctrl+Shift+N",)),
    Command("export", "File", "Export …", ("Ctrl+E",)),
    Command("timeline_out", "File", "Timeline for other programs …"),
    Command("timeline_in", "File", "Open a timeline …"),
    Command("bin", "File", "Bin …"),
    Command("space", "File", "Disk …"),
    Command("quit", "File", "Quit", ("Ctrl+Q",)),
    Command("undo", "Edit", "Undo", ("Ctrl+Z", "Alt+Backspace")),
    Command("redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y", "Alt+Shift+Backspace")),
    Command("preview", "Shot", "Preview keyframes", ("Ctrl+Enter", "Ctrl+Return")),
    Command("render", "Shot", "Render", ("Ctrl+Shift+Enter", "Ctrl+Shift+Return")),
    Command("variations", "Shot", "Variations …", ("Ctrl+Shift+V",)),
    Command("stop", "Shot", "Cancel what runs", ("Ctrl+Alt+Enter", "Ctrl+Alt+Return")),
    Command("new_shot", "Shot", "New shot", ("Ctrl+N",)),
    Command("remove_shot", "Shot", "Delete shot"),
    Command("subjects", "View", "Subjects", ("Ctrl+1",)),
    Command("takes", "View", "Takes", ("Ctrl+2",)),
    Command("player", "View", "Player", ("Ctrl+3",)),
    Command("shot", "View", "Shot", ("Ctrl+4",)),
    Command("library", "View", "Library", ("Ctrl+5",)),
    Command("timeline", "View", "Timeline", ("Ctrl+6",)),
    Command("queue", "View", "Queue", ("Ctrl+J",)),
    Command("compare", "View", "Compare takes …", ("Ctrl+Shift+C",)),
    Command("arrange", "View", "Arrange as at first"),
    Command("keys", "Help", "Keys", ("F1", "?")),
    Command("about", "Help", "About"),
)
# These keys reach the player only when no control that has the focus wants them.
PLAYER_KEYS = (
    ("Play or pause", "Space"),
    ("One frame back or on", "← →"),
    ("One second back or on", "Shift+← →"),
    ("First or last frame", "Home, End"),
    ("Play backwards, stop, play; again for faster", "J K L"),
    ("Copy this frame", "Ctrl+C"),
    ("Compare with before, move the line", "C, [ ]"),
    ("Pixel for pixel, loupe", "1, Z"),
    ("Preview a tile of the upsampling", "T"),
    ("Star a take, delete a take", "S, Del"),
    ("Reorder or cancel a job in the queue", "Alt+↑ ↓, Del"),
    ("On the keyframes: choose the next, choose more", "← →, Shift+← →"),
    ("Move a keyframe", "Alt+← →"),
    ("Extend before the first or after the last", "Ctrl+← →"),
    ("Re-roll, with other words", "R, W"),
    ("Version before or after", ", ."),
    ("Lock or unlock", "Ctrl+L"),
    ("Replace or insert by the frame on the player", "P, I"),
    ("Delete, bridge to the next, loop", "Del, B, O"),
    ("Upsample only this range", "U"),
    ("On the timeline: next and earlier edges", "↑ ↓"),
    ("Choose a clip, choose more", "Ctrl+arrows, Ctrl+Shift+arrows"),
    ("Work on the shot of a clip", "Enter"),
    ("Move a clip by a frame, by a second", "Alt+← →, Alt+Shift+← →"),
    ("Move a clip to another track", "Alt+↑ ↓"),
    ("Split, trim to the playhead", "S, Q W"),
    ("Delete a clip, and close the gap", "Del, Shift+Del"),
    ("Marker, mark in and out, clear", "M, I O, X"),
    ("Add the take, words over a clip", "A, T"),
    ("Fill a gap, bridge two clips, make longer", "F, B, E"),
    ("Make the marked range anew, render what changed", "R, U"),
    ("Add a video, picture or sound", "Shift+A"),
    ("Make a clip of the words over it", "Shift+T"),
    ("Show a frame earlier or later under a clip", ", .   Alt+drag"),
    ("Speed, blended frames, loudness, softer and louder", "D, Shift+D, G, [ ]"),
    ("Draft mode: few steps, half size", "H"),
    ("Scopes: brightness and flicker", "V"),
    ("By single frames, while K is held", "K+J, K+L"),
    ("Snap to edges, see closer, see all", "N, + -, 0"),
    ("Zoom, scroll, higher tracks", "Ctrl+wheel, wheel, Alt+wheel"),
    ("Press the button that has the focus", "Enter"),
    ("This list", "?"),
)


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
    handlers: Mapping[str, Callable[[], object]], parent: QWidget
) -> dict[str, QAction]:
    """An action per command; KeyError when one has no handler."""
    actions = {}
    for command in COMMANDS:
        action = QAction(command.text, parent)
        action.setObjectName(command.name)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setMenuRole(QAction.MenuRole.NoRole)
        handler = handlers[command.name]
        action.triggered.connect(lambda _=False, handler=handler: handler())
        parent.addAction(action)
        actions[command.name] = action
    return actions


def reflect_actions(actions: Mapping[str, QAction], document: Document, *, has_take: bool) -> None:
    """Enable the actions that the document allows, and name the steps of its history."""
    for name, step in (("undo", document.undo_label), ("redo", document.redo_label)):
        actions[name].setEnabled(bool(step))
        actions[name].setText(f"{name.capitalize()} {step.lower()}".strip())
    actions["export"].setEnabled(has_take or bool(document.project.timeline.length))
    actions["timeline_out"].setEnabled(bool(document.project.timeline.length))
    actions["timeline_in"].setEnabled(not document.read_only)
    actions["remove_shot"].setEnabled(len(document.project.shots) > 1)


class KeysDialog(QDialog):
    """All keys, searchable."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.resize(480, 560)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search the keys")
        self.search.setClearButtonEnabled(True)
        self.lines = [_line(what, keys) for what, keys in all_keys()]
        area = QScrollArea()
        area.setWidgetResizable(True)
        inner = column(*self.lines, gap=UNIT)
        inner.layout().addStretch(1)  # type: ignore[union-attr]
        area.setWidget(inner)
        done = push("Close")
        done.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(2 * UNIT,) * 4)
        layout.setSpacing(2 * UNIT)
        for part in (self.search, area, row(None, done)):
            layout.addWidget(part)
        self.search.textChanged.connect(self._filter)

    def _filter(self, wanted: str) -> None:
        for line, (what, keys) in zip(self.lines, all_keys(), strict=True):
            line.setVisible(wanted.casefold() in f"{what} {keys}".casefold())


def all_keys() -> tuple[tuple[str, str], ...]:
    """What each key does: (words, keys as this system writes them)."""
    native = QKeySequence.SequenceFormat.NativeText
    spelled = [
        (c.text.removesuffix(" …"), QKeySequence(c.keys[0]).toString(native))
        for c in COMMANDS
        if c.keys
    ]
    return (*spelled, *PLAYER_KEYS)


def _line(what: str, keys: str) -> QWidget:
    name, key = label(what), label(keys, "chip")
    key.setAlignment(Qt.AlignmentFlag.AlignRight)
    return row(name, None, key)
