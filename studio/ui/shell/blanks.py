"""What holds the place of a room until it is made: as large as that is, and empty."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.widgets.controls import Panel

LEAST = {
    "Subjects": (208, 201), "Takes": (167, 114), "Library": (148, 228), "Shot": (338, 299),
    "Timeline": (250, 83), "Queue": (80, 72), "Player": (404, 218),
}  # fmt: skip
"""Pixels that each room takes at least while it is empty; it is what gives the docks their places."""
STRIP = 46
"""Pixels that the strip at the bottom is high."""


def blank(name: str) -> Panel:
    """A panel with nothing in it."""
    made = Panel()
    made.setMinimumSize(*LEAST[name])
    if name == "Player":
        made.setObjectName("ground")
        # the docks beside it keep their widths: what is left over is its
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return made


def blank_strip() -> QWidget:
    """The place of what runs now."""
    made = QWidget()
    made.setObjectName("panel")
    made.setMinimumHeight(STRIP)
    return made
