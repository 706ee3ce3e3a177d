"""The seed: a number, a dice, a lock."""

import secrets

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QLineEdit, QWidget

from studio.ui.controls import field, label, rename, row, tool
from studio.ui.icons import Icons
from studio.ui.orders import SEEDS

LARGEST = 2**63 - 1


class Seed(QWidget):
    """Unlocked, each order rolls a fresh seed; locked, the same one is used again."""

    changed = Signal(object, bool)  # seed, locked

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._icons = icons
        self.number = QLineEdit()
        self.number.setValidator(
            QRegularExpressionValidator(QRegularExpression("[0-9]{0,19}"), self.number)
        )
        self.number.setMaximumWidth(160)
        self.number.setToolTip("A whole number from 0 to 2⁶³ − 1. Typing one locks it.")
        self.dice = tool(icons, "dice", "Roll another seed")
        self.lock = tool(icons, "unlock", "Keep this seed", checkable=True)
        self.state = label("", "small")
        line = row(field("Seed", self.number), self.dice, self.lock)
        layout = line.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        self.number.textEdited.connect(self._typed)
        self.number.editingFinished.connect(self._never_empty)
        self.dice.clicked.connect(self._roll)
        self.lock.toggled.connect(self._turned)

    def reflect(self, seed: int, locked: bool) -> None:
        if self._value() != seed or not self.number.text():
            self.number.setText(str(seed))
        self.lock.blockSignals(True)
        self.lock.setChecked(locked)
        self.lock.blockSignals(False)
        self._look(locked)

    def _value(self) -> int:
        return min(int(self.number.text() or 0), LARGEST)

    def _typed(self) -> None:
        self.changed.emit(self._value(), True)

    def _never_empty(self) -> None:
        self.number.setText(str(self._value()))

    def _roll(self) -> None:
        self.changed.emit(secrets.randbelow(SEEDS), self.lock.isChecked())

    def _turned(self, locked: bool) -> None:
        self._look(locked)
        self.changed.emit(self._value(), locked)

    def _look(self, locked: bool) -> None:
        self.lock.setIcon(
            self._icons("lock" if locked else "unlock", "accent" if locked else "text")
        )
        rename(self.lock, "Seed kept: roll a new one each time" if locked else "Keep this seed")
