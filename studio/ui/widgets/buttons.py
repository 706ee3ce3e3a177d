"""Buttons that Enter presses, as well as Space or instead of it; Qt's own are pressed by Space alone."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QToolButton

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def pressed_by_enter(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Press a button where the key is Enter alone; False for any other."""
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if event.key() not in ENTER or held or event.isAutoRepeat():
        return False
    button.click()
    return True


class Tool(QToolButton):
    """A button that Enter presses, and Space never.

    Space is the player's, the most learnt key there is: whoever went to the player and presses it
    wants to see the clip, and must not throw away a keyframe or start long work with a button that
    happens to have the focus.  Arrows too are left to what lies around it.
    """

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not pressed_by_enter(self, event):
            event.ignore()

    def setIcon(self, icon: QIcon) -> None:  # type: ignore[override]
        """Where it is another one: Qt lays the whole window out anew for the same one, too."""
        if icon.cacheKey() != self.icon().cacheKey():
            super().setIcon(icon)


class Push(QPushButton):
    """A button with words; Space and Enter press it when it has the focus."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)


class Card(QToolButton):
    """A picture with words below it; Space and Enter press it when it has the focus."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)


class Drawn(QAbstractButton):
    """A button that paints itself; Space and Enter press it when it has the focus."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)
