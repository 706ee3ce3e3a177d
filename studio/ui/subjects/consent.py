"""The card that comes before a person is trained."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.widgets.adaptive import CheckBox
from studio.ui.widgets.controls import label
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT

WORDS = (
    "Training lets anyone with this computer make moving pictures of this person. "
    "Photos and training stay on this computer; every clip is marked as made with AI."
)


class Consent(QWidget):
    """A card with one checkbox; without it Train is disabled, with the reason."""

    changed = Signal()

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tick = CheckBox("It is me, or this person agreed")
        self.tick.toggled.connect(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(UNIT + UNIT // 2,) * 4)
        layout.setSpacing(UNIT)
        layout.addWidget(label("A person’s likeness", "title"))
        layout.addWidget(label(WORDS, "small", wrap=True))
        layout.addWidget(self.tick)

    @property
    def given(self) -> bool:
        return self.tick.isChecked()

    def reset(self) -> None:
        self.tick.setChecked(False)
