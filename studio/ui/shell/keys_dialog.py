"""The dialog of all keys: searched, changed, given back; what cannot be is said in its place."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QKeySequenceEdit,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio.spec.refusal import Refusal
from studio.ui.shell.commands import FIXED, MENUS
from studio.ui.state.keymap import Entry, Keymap
from studio.ui.widgets.controls import column, label, push, row, set_enabled, tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT, set_role

HELP = "Press the field of a key, then the key that you want."
WIDE = 152
"""Pixels of a key's field."""


class KeyLine(QWidget):
    """What a key does, a field for the key, and the way back to the one that it comes with."""

    def __init__(self, entry: Entry, dialog: "KeysDialog", icons: Icons) -> None:
        super().__init__()
        self.entry, self._dialog = entry, dialog
        words = entry.words.removesuffix(" …")
        self.key = QKeySequenceEdit()
        self.key.setMaximumSequenceLength(1)
        self.key.setClearButtonEnabled(True)
        self.key.setFixedWidth(WIDE)
        self.key.setAccessibleName(f"Key of {words}")
        if field := self.key.findChild(QLineEdit):
            field.setPlaceholderText("no key")
        self.back = tool(icons, "retry", "Give it the key back that it comes with")
        self.text = f"{entry.group} {words}"
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, UNIT, 0)
        layout.addWidget(row(label(words), None, self.key, self.back))
        self.key.editingFinished.connect(self._chosen)
        self.back.clicked.connect(lambda: dialog.tell(lambda: dialog.keymap.reset(entry.id)))
        self.reflect()

    def reflect(self) -> None:
        """Show the key that it has now."""
        keymap = self._dialog.keymap
        keys = keymap.keys(self.entry.id)
        self.key.setKeySequence(QKeySequence(keys[0] if keys else ""))
        set_enabled(self.back, "" if keymap.is_own(self.entry.id) else "It has that key.")

    def shows(self, wanted: str) -> bool:
        """Whether a search for these words finds it."""
        key = self.key.keySequence().toString(QKeySequence.SequenceFormat.NativeText)
        return wanted.casefold() in f"{self.text} {key}".casefold()

    def _chosen(self) -> None:
        key = self.key.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        keys = self._dialog.keymap.keys(self.entry.id)
        if key != (keys[0] if keys else ""):
            self._dialog.tell(lambda: self._dialog.keymap.choose(self.entry.id, key))


class FixedLine(QWidget):
    """What a key does that stays as it is."""

    def __init__(self, words: str, keys: str) -> None:
        super().__init__()
        self.text = f"{words} {keys}"
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, UNIT, 0)
        key = label(keys, "chip")
        key.setAlignment(Qt.AlignmentFlag.AlignRight)
        layout.addWidget(row(label(words), None, key))

    def shows(self, wanted: str) -> bool:
        """Whether a search for these words finds it."""
        return wanted.casefold() in self.text.casefold()


class KeysDialog(QDialog):
    """All keys by group; one that means something else already is refused, and said so below."""

    def __init__(self, keymap: Keymap, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.resize(560, 600)
        self.keymap = keymap
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search the keys")
        self.search.setClearButtonEnabled(True)
        self._heads: dict[str, QWidget] = {}
        self.own: list[KeyLine] = []
        self.lines: list[KeyLine | FixedLine] = []
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._listed(icons))
        self.message = label(HELP, "small", wrap=True)
        done, self.all_back = push("Close"), push("Reset all", tip="All keys as they come")
        done.clicked.connect(self.accept)
        self.all_back.clicked.connect(lambda: self.tell(keymap.reset_all))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(2 * UNIT,) * 4)
        layout.setSpacing(2 * UNIT)
        for part in (self.search, area, self.message, row(self.all_back, None, done)):
            layout.addWidget(part)
        self.search.textChanged.connect(self._filter)
        keymap.changed.connect(self._reflect)
        self.search.setFocus()

    def tell(self, change) -> None:
        """Do something to the keys; where it is refused, say why and show the keys as they are."""
        try:
            change()
            self.message.setText(HELP)
            set_role(self.message, "small")
        except Refusal as refusal:
            self.message.setText(str(refusal))
            set_role(self.message, "attention")
            self._reflect()

    def _listed(self, icons: Icons) -> QWidget:
        inner = column(gap=UNIT // 2)
        for entry in self.keymap.entries.values():
            self.own.append(KeyLine(entry, self, icons))
        groups: dict[str, list[KeyLine | FixedLine]] = {group: [] for group in MENUS}
        for line in self.own:
            groups.setdefault(line.entry.group, []).append(line)
        groups["Everywhere"] = [FixedLine(*each) for each in FIXED]
        for group, lines in groups.items():
            self._heads[group] = label(group, "title")
            self._heads[group].setContentsMargins(0, UNIT, 0, 0)
            for widget in (self._heads[group], *lines):
                inner.layout().addWidget(widget)  # type: ignore[union-attr]
            self.lines += lines
        inner.layout().addStretch(1)  # type: ignore[union-attr]
        return inner

    def _reflect(self) -> None:
        for line in self.own:
            line.reflect()

    def _filter(self, wanted: str) -> None:
        for line in self.lines:
            line.setVisible(line.shows(wanted))
        for head in self._heads.values():
            head.setVisible(not wanted)
