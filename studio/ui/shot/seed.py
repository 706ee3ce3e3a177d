"""The seed: a number, a dice, a lock; one that is not kept says that it is random."""

import secrets
from fractions import Fraction

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.spec.numbers import possible
from studio.ui.state.render_actions import SEEDS
from studio.ui.widgets.adaptive import field
from studio.ui.widgets.controls import label, push, rename, row, set_enabled, tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.number_field import NumberField

LARGEST = 2**63 - 1


class Seed(QWidget):
    """Unlocked, every render or preview draws a new seed; locked, the same one is used again."""

    changed = Signal(object, bool)  # seed, locked

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._icons = icons
        self.number = NumberField()
        self.number.allow(possible(0, LARGEST))
        self.number.setProperty("role", "bare")
        set_enabled(self.number, "", "A whole number from 0 to 2⁶³ − 1. Typing one locks it.")
        self.again = push("again", "link", tip="Use the seed of this clip again: keep it")
        self.again.clicked.connect(lambda: self.lock.setChecked(True))
        self.random = row(label("random: another for the next clip", "small"), None, self.again)
        self.dice = tool(icons, "dice", "Roll another seed")
        self.lock = tool(icons, "unlock", "Keep this seed", checkable=True)
        line = row(field("Seed", self.number), self.dice, self.lock)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(line)
        layout.addWidget(self.random)
        layout.addWidget(self.number.note)
        self.number.changed.connect(self._typed)
        self.number.lineEdit().textEdited.connect(lambda _: self._typed(self.number.value()))
        self.dice.clicked.connect(self._roll)
        self.lock.toggled.connect(self._turned)

    def reflect(self, seed: int, locked: bool) -> None:
        self.number.reflect(Fraction(seed))
        self.lock.blockSignals(True)
        self.lock.setChecked(locked)
        self.lock.blockSignals(False)
        self._look(locked)

    def _value(self) -> int:
        return int(self.number.value())

    def _typed(self, seed: Fraction) -> None:
        self.changed.emit(int(seed), True)

    def _roll(self) -> None:
        self.changed.emit(secrets.randbelow(SEEDS), self.lock.isChecked())

    def _turned(self, locked: bool) -> None:
        self._look(locked)
        self.changed.emit(self._value(), locked)

    def _look(self, locked: bool) -> None:
        self.random.setHidden(locked)
        self.lock.setIcon(
            self._icons("lock" if locked else "unlock", "accent" if locked else "text")
        )
        rename(self.lock, "Seed kept: roll a new one each time" if locked else "Keep this seed")
