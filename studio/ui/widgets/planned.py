"""A button that says what the work takes that it starts."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent

from studio.ui.widgets.buttons import Push

LEAST, PADDING = 72, 24
"""Pixels: of the button at least, and beside its words."""


class Planned(Push):
    """ "Render · 4 min · 6.1 of 8 GB", or as much of it as there is room for."""

    def __init__(self, verb: str, role: str = "") -> None:
        super().__init__(verb)
        self.setAutoDefault(False)
        self.setProperty("role", role or None)
        self.setMinimumWidth(LEAST)
        self._verb, self._takes = verb, ""

    def say(self, verb: str, takes: str) -> None:
        """Show what it does, and what that takes in parts that " · " divides; "" where nobody knows."""
        if (verb, takes) == (self._verb, self._takes):
            return
        self._verb, self._takes = verb, takes
        self.updateGeometry()
        self._fit()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        width = self.fontMetrics().horizontalAdvance(self._with(self._parts)) + PADDING
        return QSize(max(hint.width(), width), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @property
    def _parts(self) -> list[str]:
        return [part for part in self._takes.split(" · ") if part]

    def _with(self, parts: list[str]) -> str:
        return " · ".join([self._verb, *parts])

    def _fit(self) -> None:
        parts, width = self._parts, self.fontMetrics().horizontalAdvance
        while parts and self.isVisible() and width(self._with(parts)) > self.width() - PADDING:
            parts = parts[:-1]
        self.setText(self._with(parts))
