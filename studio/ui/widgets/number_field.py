"""The one field for numbers: takes what is typed, then the nearest number that is possible."""

from fractions import Fraction
from math import isfinite

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QWidget

from studio.spec.numbers import Possible, possible, read_number, write_number
from studio.spec.refusal import Refusal
from studio.ui.widgets.adaptive import field
from studio.ui.widgets.controls import column, label
from studio.ui.widgets.text_fields import means_undo, with_documents_undo
from studio.ui.widgets.theme import UNIT

COMMON = Fraction(2**31)
"""Larger numbers get their room when there is one."""
AROUND = 44
"""Pixels that the frame, the margins and the arrows take beside the text."""


class NumberField(QAbstractSpinBox):
    """A number with its unit.  `changed` carries what is possible (Fraction) as it is typed.

    The text stays as typed until the field is left; then it says the number that counts, and `note`
    says so where that is another one than was typed.  What says no number changes nothing, nor does what
    nobody touches: a value from elsewhere is shown as it is, also where it could not be typed here.
    Of a number that is `in_document` undo is the document's, once the text says a number.
    """

    changed = Signal(object)

    def __init__(
        self, unit: str = "", one: str = "", *, decimals: int = 3, in_document: bool = True
    ) -> None:
        super().__init__()
        self._unit, self._one, self._decimals = unit, one or unit, decimals
        self._in_document, self._is_typed = in_document, False
        self._value = self._kept = Fraction(0)
        self._possible, self._by = possible(0, 1), Fraction(1)
        self.note = label("", "attention", wrap=True)
        self.note.hide()
        self.setLineEdit(_Line(self))
        self.lineEdit().setTextMargins(UNIT, 0, 0, 0)  # style sheets do not reach inside
        self.lineEdit().textEdited.connect(self._typed)
        self.editingFinished.connect(self.settle)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel passes over it

    def value(self) -> Fraction:
        return self._value

    def allow(self, numbers: Possible, by: Fraction | float | None = None) -> None:
        """Which numbers are possible from now on; the arrows go `by` so much."""
        self._possible = numbers
        self._by = (
            Fraction(repr(by)) if isinstance(by, float) else by or numbers.step or Fraction(1)
        )
        self.updateGeometry()

    def reflect(self, value: Fraction | float) -> None:
        """Show a number from elsewhere; the same one being typed in other words stays as it is."""
        if isinstance(value, float) and not isfinite(value):
            self.lineEdit().setText(f"{value}{self._unit}")  # damage is shown, not passed over
            return
        exact = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
        if self._says(exact) and self.lineEdit().text():
            self._value = exact
            return
        self._show(exact)
        self._show_note("")

    def enter(self, text: str) -> None:
        """As if a person typed this and went on."""
        self.lineEdit().setText(text)
        self._typed(text)
        self.settle()

    def fit(self) -> None:
        """Go to the nearest number that is possible by now."""
        self.enter(self.shown(self._value))

    def settle(self) -> None:
        """Replace the typed text by the value that is used."""
        if not self._is_typed:
            return
        message = ""
        try:
            typed = self._read(self.text())
            if self._possible.nearest(typed) != typed:
                message = self._snapped(typed)
        except Refusal as refusal:
            message = f"{refusal.what} It stays {self.shown(self._value)}."
        self._show(self._value)
        self._show_note(message)

    def shown(self, value: Fraction) -> str:
        """A number with its unit."""
        return write_number(value, self._decimals) + (self._one if value == 1 else self._unit)

    @property
    def is_unread(self) -> bool:
        """Whether the text is not a number."""
        try:
            self._read(self.text())
        except Refusal:
            return True
        return False

    def take_back(self) -> None:
        """Discard a text that is not a number."""
        self._show(self._value)
        self._show_note("")

    def _typed(self, text: str) -> None:
        self._is_typed = True
        try:
            typed = self._read(text)
        except Refusal:
            self._show_note("")
            self._become(self._kept)
            return
        self._show_note(self._snapped(typed) if typed > self._possible.highest else "")
        self._become(self._possible.nearest(typed))

    def _become(self, value: Fraction) -> None:
        if value != self._value:
            self._value = value
            self.changed.emit(value)

    def _read(self, text: str) -> Fraction:
        try:
            return read_number(text, self._unit)
        except Refusal:
            return read_number(text, self._one)

    def _says(self, value: Fraction) -> bool:
        """Whether the text being typed comes to this number."""
        if not self._is_typed:
            return False
        try:
            nearest = self._possible.nearest(self._read(self.text()))
        except Refusal:
            return value == self._value
        return write_number(nearest, self._decimals) == write_number(value, self._decimals)

    def _snapped(self, typed: Fraction) -> str:
        nearest = self.shown(self._possible.nearest(typed))
        return f"The nearest possible to {write_number(typed, self._decimals)} is {nearest}."

    def _show(self, value: Fraction) -> None:
        self._value = self._kept = value
        if self.lineEdit().text() != self.shown(value):
            self.lineEdit().setText(self.shown(value))
            self.updateGeometry()
        self._is_typed = False

    def _show_note(self, what: str) -> None:
        self.note.setText(what)
        self.note.setVisible(bool(what))
        self.note.setAccessibleName(what)

    def stepBy(self, steps: int) -> None:
        value = self._possible.nearest(self._value + steps * self._by)
        self.lineEdit().setText(self.shown(value))
        self._is_typed, self._kept = False, value
        self._show_note("")
        self._become(value)

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flags = QAbstractSpinBox.StepEnabledFlag
        can = flags.StepUpEnabled if self._value < self._possible.highest else flags.StepNone
        return can | (
            flags.StepDownEnabled if self._value > self._possible.lowest else flags.StepNone
        )

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, position  # nothing that is typed is swallowed

    def sizeHint(self) -> QSize:
        ends = [self.shown(self._value), self.shown(min(self._possible.highest, COMMON))]
        if self._possible.step.denominator > 1 or not self._possible.step:
            whole = int(self._possible.highest)
            ends.append(f"{whole}.{'0' * self._decimals}{self._unit}")
        wide = max(self.fontMetrics().horizontalAdvance(end) for end in ends)
        return QSize(wide + AROUND, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.lineEdit().createStandardContextMenu()
        if self._in_document:
            with_documents_undo(menu, self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())


class _Line(QLineEdit):
    """The text in a number field; keys that mean undo go where the field's undo is."""

    def __init__(self, number: NumberField) -> None:
        super().__init__()
        self._number = number
        self.setObjectName("qt_spinbox_lineedit")  # the name that Qt gives to its own

    def event(self, event: QEvent) -> bool:
        if self._is_documents(event):
            if event.type() == QEvent.Type.ShortcutOverride and not self._number.is_unread:
                event.ignore()
                return False
            if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
                event.accept()
                if event.type() == QEvent.Type.KeyPress and self._number.is_unread:
                    self._number.take_back()
                return True
        return super().event(event)

    def _is_documents(self, event: QEvent) -> bool:
        return self._number._in_document and isinstance(event, QKeyEvent) and means_undo(event)


def number_row(name: str, number: NumberField, *, width: int = 96) -> QWidget:
    """A number beside its name, and below it the field's note."""
    return column(field(name, number, width=width), number.note, gap=2)


def settle_typing() -> None:
    """Replace the number being typed, if there is one, by its value: it has just been used."""
    focused = QApplication.focusWidget()
    if isinstance(focused, NumberField):
        focused.settle()
