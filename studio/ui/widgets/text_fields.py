"""Text fields of the document: their undo is the document's, and typing falls into steps.

A field that kept an undo of its own would take the key first, and what it takes back would enter
the document as one more step; from then on the two disagree.  So these fields keep none: the keys
go on to the window, and the text comes back from the document like any other change.  Fields of a
form that is no part of the document yet (a new subject, a dialog) keep Qt's own.
"""

from PySide6.QtCore import QEvent, QKeyCombination, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QMenu, QPlainTextEdit, QWidget

from studio.ui.widgets.buttons import ENTER
from studio.ui.widgets.theme import UNIT

_ALT, _SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier
_ALSO = {
    QKeyCombination(_ALT, Qt.Key.Key_Backspace),
    QKeyCombination(_ALT | _SHIFT, Qt.Key.Key_Backspace),
    QKeyCombination(_CTRL, Qt.Key.Key_Y),
    QKeyCombination(_CTRL | _SHIFT, Qt.Key.Key_Z),
}
PAUSES = ".,;:!?"


def means_undo(event: QEvent) -> bool:
    """Whether a key asks to undo or redo, on any system."""
    if not isinstance(event, QKeyEvent):
        return False
    undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
    return event.matches(undo) or event.matches(redo) or event.keyCombination() in _ALSO


def difference(old: str, new: str, cursor: int | None = None) -> tuple[int, int, str]:
    """Where `old` differs from `new`: old[start:end] was replaced by what is third.

    " red" taken out of "a red ball" and "red " taken out come to the same: of such the one that
    ends at the `cursor`, where there is one.
    """
    start = _alike(old, new)
    end = len(old) - _alike(old[start:][::-1], new[start:][::-1])
    come = new[start : len(new) - (len(old) - end)]
    while cursor is not None and start > 0 and cursor < end and not (come and start < end):
        if (come or old[:end])[-1] != old[start - 1]:
            break
        start, end, come = start - 1, end - 1, (come[-1:] + come)[: len(come)]
    return start, end, come


def _alike(one: str, other: str) -> int:
    """How many letters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((k for k, (a, b) in pairs if a != b), min(len(one), len(other)))


def moved(position: int, old: str, new: str) -> int:
    """Where a cursor belongs after the text became another: beside the same letters as before."""
    start, end, come = difference(old, new, position)
    if position <= start:
        return position
    return start + len(come) if position <= end else position + len(new) - len(old)


def units(text: str) -> int:
    """How long Qt takes a text to be: in UTF-16 units, of which an emoji has two."""
    return len(text) + sum(letter > "\uffff" for letter in text)


class Typing:
    """Finds out which letters belong to one step.

    A step ends with a phrase or a line, where typing turns to deleting, at another place, at what
    comes in one piece (a paste), and when the field is left.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Whatever comes next begins a step."""
        self._text: str | None = None
        self._cursor, self._adds = (0, 0), False

    def goes_on(self, old: str, new: str) -> bool:
        """Whether the change from `old` to `new` belongs to the step of the change before."""
        start, end, come = difference(old, new)
        adds, takes = len(come) == 1 and end == start, not come and end - start == 1
        letter = come if adds else old[start:end]
        run = start - len(old[:start].rstrip(letter)) if adds or takes else 0
        low, high = start - run, start + takes  # of equal letters nobody can tell which it was
        nearby = low <= self._cursor[1] and self._cursor[0] <= high
        goes_on = old == self._text and adds == self._adds and nearby and (adds or takes)
        if adds and _begins_phrase(old[:start], come):
            goes_on = False
        self._text, self._adds = new if adds or takes else None, adds
        self._cursor = (low + adds, start + adds)
        return goes_on


def _begins_phrase(before: str, letter: str) -> bool:
    ended = before.endswith("\n") or (before != before.rstrip() and before.rstrip()[-1:] in PAUSES)
    return not letter.isspace() and bool(before) and ended


def with_documents_undo(menu: QMenu, field: QWidget) -> QMenu:
    """A field's own menu, in which Undo and Redo are those of the window."""
    own = {action.objectName(): action for action in menu.actions()}
    for name, theirs in (("undo", _action(field, "undo")), ("redo", _action(field, "redo"))):
        mine = own.get(f"edit-{name}")
        if mine and theirs:
            menu.insertAction(mine, theirs)
        if mine:
            menu.removeAction(mine)
    return menu


def _action(field: QWidget, name: str) -> QAction | None:
    """The window's action; a floating panel is a window of its own, over that one."""
    top: QWidget | None = field.window()
    while top is not None:
        for action in top.actions():
            if action.objectName() == name:
                return action
        parent = top.parentWidget()
        top = parent.window() if parent else None
    return None


class DocumentsText:
    """What fields of the document's text have in common: the undo of the window, in keys and menu."""

    typing: Typing

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and means_undo(event):
            event.ignore()
            return False
        return super().event(event)  # pyright: ignore[reportAttributeAccessIssue]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        own = self.createStandardContextMenu()  # pyright: ignore[reportAttributeAccessIssue]
        menu = with_documents_undo(own, self)  # pyright: ignore[reportArgumentType]
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)  # pyright: ignore[reportAttributeAccessIssue]
        self.typing.forget()


class TextLine(DocumentsText, QLineEdit):
    """One line of the document's text."""

    def __init__(self) -> None:
        super().__init__()
        self.typing = Typing()

    def reflect(self, text: str) -> None:
        """Show a text that was changed elsewhere, with the cursor beside the same letters."""
        old = self.text()
        if text == old:
            return
        at = moved(letters(old, self.cursorPosition()), old, text)
        self.setText(text)
        self.setCursorPosition(units(text[:at]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if means_undo(event):
            event.accept()  # there is nothing to undo, or the window had it
        else:
            super().keyPressEvent(event)


class Lines(QPlainTextEdit):
    """Words in a dialog, some lines high: Enter does what the dialog is for, with Shift it begins a
    line, and Tab goes on to the next field."""

    def __init__(self, text: str, lines: int) -> None:
        super().__init__(text)
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 3 * UNIT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER and not event.modifiers() & _SHIFT:
            event.ignore()
        else:
            super().keyPressEvent(event)


def letters(text: str, position: int) -> int:
    """A position in Qt's units as one in letters."""
    before = text.encode("utf-16-le", "surrogatepass")[: 2 * position]
    return len(before.decode("utf-16-le", "ignore"))
