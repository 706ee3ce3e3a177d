"""How strongly a subject shows."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from studio.ui.controls import explain, field, label

PARTS = 20
STRONGEST = 1.5


class Strength(QWidget):
    """A slider from 0 to 1.5, in steps of a twentieth."""

    changed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round(STRONGEST * PARTS))
        self.number: QLabel = label("1.00 ×", "small")
        self.number.setMinimumWidth(40)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(field("Strength", self.slider), 1)
        layout.addWidget(self.number)
        self.slider.valueChanged.connect(self._moved)

    def reflect(self, strength: float, why_not: str) -> None:
        explain(self.slider, why_not, "0 hides the subject, 1 is as trained, 1.5 exaggerates")
        self.slider.blockSignals(True)
        self.slider.setValue(round(strength * PARTS))
        self.slider.blockSignals(False)
        self.number.setText(f"{strength:.2f} ×")

    def _moved(self, value: int) -> None:
        self.number.setText(f"{value / PARTS:.2f} ×")
        self.changed.emit(value / PARTS)
