"""The prompt: a text field that underlines words the model was never taught."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import (
    QKeyEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from studio.spec.vocabulary import Vocabulary, unknown_words
from studio.spec.weights import nudged
from studio.ui.widgets.controls import label, push, row
from studio.ui.widgets.text_fields import DocumentsText, Typing, difference, letters, units
from studio.ui.widgets.theme import UNIT, Theme

UP_DOWN: dict[int, int] = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
FINE, COARSE = 0.05, 0.1
"""By how much Ctrl+Up, and Ctrl+Shift+Up, make a word stronger."""


class Underliner(QSyntaxHighlighter):
    """Underlines words that the model in use does not know, where its card says which it knows."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._look = QTextCharFormat()
        self._look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        self._look.setUnderlineColor(theme.colour("attention"))
        self.known: frozenset[str] = frozenset()
        self.vocabulary: Vocabulary | None = None

    def highlightBlock(self, text: str) -> None:
        at = shown = 0
        for start, end in self.strange(text):  # in their order: a long text is gone through once
            shown, at = shown + units(text[at:start]), start
            self.setFormat(shown, units(text[start:end]), self._look)

    def strange(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where `text` holds words that neither the model nor the subject knows."""
        if self.vocabulary is None:
            return ()
        spans = unknown_words(text, self.vocabulary)
        return tuple((a, b) for a, b in spans if text[a:b].lower() not in self.known)


class Prompt(DocumentsText, QPlainTextEdit):
    """Plain text; Tab leaves it, Ctrl+Enter belongs to the window, Ctrl+Up and Ctrl+Down weigh words,
    Alt+Up and Alt+Down bring back words of `history` (the last first) and those that stood here."""

    history: Callable[[], Sequence[str]] = tuple

    def __init__(self, name: str, hint: str, lines: int, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.typing = Typing()
        self._lines = lines
        self._recalled: list[str] = []
        self._place = 0
        self.setFixedHeight(self.sizeHint().height())
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.underliner = Underliner(self.document(), theme)

    def sizeHint(self) -> QSize:
        return QSize(240, self.fontMetrics().lineSpacing() * self._lines + 3 * UNIT)

    def reflect(self, text: str) -> None:
        """Show a text that was changed elsewhere; only what differs, so that the cursor stays."""
        old, new = self.toPlainText(), as_shown(text)
        if new == old:
            return
        at = letters(old, self.textCursor().position())
        start, end, come = difference(old, new, at)
        cursor = QTextCursor(self.document())
        cursor.setPosition(units(old[:start]))
        cursor.setPosition(units(old[:end]), QTextCursor.MoveMode.KeepAnchor)
        self.blockSignals(True)
        cursor.insertText(come)
        self.blockSignals(False)
        self.typing.forget()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        control = held & Qt.KeyboardModifier.ControlModifier
        if held == Qt.KeyboardModifier.AltModifier and event.key() in UP_DOWN:
            self.recall(UP_DOWN[event.key()])
        elif control and (way := UP_DOWN.get(event.key())):
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.nudge(way * (COARSE if shift else FINE))
        else:
            super().keyPressEvent(event)
        event.accept()  # no key of a text field goes on to the player

    def recall(self, step: int) -> None:
        """Earlier words (1) or later ones (-1), as far as there are any; typing begins anew."""
        text = self.toPlainText()
        if not self._recalled or text != as_shown(self._recalled[self._place]):
            before = [words for words in self.history() if as_shown(words) != text]
            self._recalled, self._place = [text, *before], 0
        place = self._place + step
        if 0 <= place < len(self._recalled):
            self._place = place
            cursor = self.textCursor()
            cursor.select(QTextCursor.SelectionType.Document)
            cursor.insertText(self._recalled[place])

    def nudge(self, by: float) -> None:
        """Change the weight of the word under the cursor, or of what is selected."""
        text, cursor = self.toPlainText(), self.textCursor()
        begins, ends = (
            letters(text, at) for at in (cursor.selectionStart(), cursor.selectionEnd())
        )
        new, first, last = nudged(text, begins, ends, by)
        if new == text:
            return
        start, end, come = difference(text, new, first)
        cursor.setPosition(units(text[:start]))
        cursor.setPosition(units(text[:end]), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(come)
        cursor.setPosition(units(new[:first]))
        cursor.setPosition(units(new[:last]), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)


def as_shown(text: str) -> str:
    """A text as Qt's field gives it back: one kind of line end, one kind of space."""
    lines = text.replace("\r\n", "\n").translate({ord(end): "\n" for end in "\r\u2028\u2029"})
    return lines.replace("\u00a0", " ")


def strange_words(words: list[str]) -> str:
    """A sentence about words that the model was never taught; "" without any."""
    if not words:
        return ""
    listed = ", ".join(word[:24] for word in words[:4]) + (" …" if len(words) > 4 else "")
    verb = "is a word" if len(words) == 1 else "are words"
    return f"{listed[:120]} {verb} the model does not know."


def vocabulary_dialog(parent: QWidget, vocabulary: Vocabulary) -> QDialog:
    """Every meaning that a model was taught, in its plain words."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Words the model knows")
    dialog.setMinimumWidth(480)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
    layout.setSpacing(UNIT)
    for name, meanings in vocabulary.groups:
        layout.addWidget(label(name, "title"))
        layout.addWidget(label(" · ".join(ways[0] for ways in meanings), "muted", wrap=True))
    if others := [ways[1] for _, meanings in vocabulary.groups for ways in meanings if ways[1:]]:
        some = ", ".join(others[:: max(1, len(others) // 5)][:5])
        layout.addWidget(label(f"Common synonyms work too: {some}.", "small", wrap=True))
    done = push("Close")
    done.clicked.connect(dialog.accept)
    layout.addWidget(row(None, done))
    return dialog
