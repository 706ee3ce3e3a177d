"""How strongly a subject shows."""

from fractions import Fraction

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from studio.spec.numbers import possible
from studio.ui.widgets.adaptive import field
from studio.ui.widgets.controls import set_enabled
from studio.ui.widgets.number_field import NumberField
from studio.ui.widgets.theme import UNIT

PARTS = 20
MAX_STRENGTH = 1.5
HELP = "0 hides the subject, 1 is as trained, 1.5 exaggerates"


class Strength(QWidget):
    """From 0 to 1.5: a slider in steps of a twentieth, and the number for all between.

    superqt's QLabeledDoubleSlider has a spin box of Qt's for the number: it keeps an undo of its
    own beside the document's, and does not say what it makes of a number that is not possible.
    """

    changed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round(MAX_STRENGTH * PARTS))
        self.number = NumberField(" ×", decimals=2)
        self.number.allow(possible(0, MAX_STRENGTH, "0.01"), 1 / PARTS)
        self.number.setProperty("role", "bare")
        self.number.setAccessibleName("Strength as a number")
        line = QHBoxLayout()
        line.setSpacing(UNIT)
        line.addWidget(field("Strength", self.slider), 1)
        line.addWidget(self.number)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self.number.note)
        self.slider.valueChanged.connect(self._moved)
        self.number.changed.connect(self._typed)

    def reflect(self, strength: float, disabled_reason: str) -> None:
        for control in (self.slider, self.number):
            set_enabled(control, disabled_reason, HELP)
        self.number.reflect(strength)
        self._slide(strength)

    def _slide(self, strength: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round(strength * PARTS))
        self.slider.blockSignals(False)

    def _moved(self, value: int) -> None:
        self.number.reflect(Fraction(value, PARTS))
        self.changed.emit(value / PARTS)

    def _typed(self, strength: Fraction) -> None:
        self._slide(float(strength))
        self.changed.emit(float(strength))
