"""Which takes are listed: those with some words, starred ones, those of the shot that is worked on."""

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from studio.project.project import Render
from studio.ui.widgets.controls import row, tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT


class TakeFilter(QWidget):
    """A line for words and two switches; `changed` when other takes are to be listed."""

    changed = Signal()

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.words = QLineEdit()
        self.words.setPlaceholderText("Find in prompts")
        self.words.setAccessibleName("Find takes by words of their prompts")
        self.words.setClearButtonEnabled(True)
        self.starred = tool(icons, "star", "List starred takes only", checkable=True)
        self.of_shot = tool(icons, "clip", "List takes of this shot only", checkable=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row(self.words, self.starred, self.of_shot, gap=4, margin=UNIT))
        self.words.textChanged.connect(self.changed)
        for switch in (self.starred, self.of_shot):
            switch.toggled.connect(self.changed)

    @property
    def state(self) -> tuple[str, bool, bool]:
        """What is set, to be compared."""
        return self.words.text().strip(), self.starred.isChecked(), self.of_shot.isChecked()

    def clear(self) -> None:
        """List all of them."""
        self.words.clear()
        self.starred.setChecked(False)
        self.of_shot.setChecked(False)

    def chosen(self, renders: Iterable[Render], shot: str) -> tuple[Render, ...]:
        """Those of some takes that are listed while a shot is worked on."""
        words = self.words.text().casefold().split()
        starred, of_shot = self.starred.isChecked(), self.of_shot.isChecked()
        return tuple(
            render
            for render in renders
            if (render.starred or not starred) and (render.shot == shot or not of_shot)
            if not words or all(word in render.request.prompt.casefold() for word in words)
        )
