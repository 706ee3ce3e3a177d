"""What the project takes on the disk, by class, and the bound of what can be made again."""

from fractions import Fraction

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from studio.project.disk_classes import Classes
from studio.spec.numbers import possible
from studio.spec.quantities import memory
from studio.ui.state.disk_usage import DiskUsage
from studio.ui.widgets.adaptive import Buttons, field
from studio.ui.widgets.controls import ElidedLabel, label, push
from studio.ui.widgets.number_field import NumberField, number_row
from studio.ui.widgets.theme import UNIT

GIGABYTE = 2**30
WORDS = (
    "Frames and files that can be made again are kept within this bound; the oldest go first. "
    "Photos, shots, words, latents and trainings stay until you delete them."
)


class SpaceDialog(QDialog):
    """Shows the three classes of files; the bound holds from the moment it is set."""

    def __init__(self, disk_usage: DiskUsage, parent: QWidget) -> None:
        super().__init__(parent)
        self._disk_usage = disk_usage
        self.setWindowTitle("Disk")
        self.setMinimumWidth(460)
        self.by_hand, self.costly, self.derived = (ElidedLabel("…") for _ in range(3))
        self.limit = NumberField(" GB", in_document=False)
        self.limit.allow(possible("0.25", 100_000, 2), 1)
        self.limit.reflect(Fraction(disk_usage.limit, GIGABYTE).limit_denominator(100))
        self.keep, cancel = push("Keep within this", "primary"), push("Cancel")
        self.keep.setDefault(True)
        self.keep.clicked.connect(self._set)
        cancel.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.setSpacing(UNIT + UNIT // 2)
        for part in (
            field("Made by hand", self.by_hand),
            field("Costly", self.costly),
            field("Derived", self.derived),
            number_row("At most", self.limit),
            label(WORDS, "small", wrap=True),
            Buttons(cancel, self.keep),
        ):
            layout.addWidget(part)
        disk_usage.classes(self._reflect, owner=self)

    def _reflect(self, classes: Classes) -> None:
        self.by_hand.set_text(f"{memory(classes.by_hand)} · photos, shots, timeline, history")
        self.costly.set_text(f"{memory(classes.costly)} · latents, trainings")
        self.derived.set_text(f"{memory(classes.derived)} · frames and files made of them")

    def _set(self) -> None:
        self._disk_usage.set_limit(round(self.limit.value() * GIGABYTE))
        self.accept()
