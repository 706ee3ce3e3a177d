"""What is cut or overlaps in a panel."""

from collections.abc import Iterator

from PySide6.QtCore import QRect
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QSlider,
    QWidget,
)

from studio.ui.widgets.controls import ElidedLabel

KINDS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLabel, QLineEdit, QSlider)


def leaves(panel: QWidget) -> list[QWidget]:
    """What can be seen of a panel and has nothing in it."""
    found = [w for kind in KINDS for w in panel.findChildren(kind)]
    inside = (QAbstractSpinBox, QComboBox, ElidedLabel)
    return [
        w for w in found
        if w.isVisible() and not isinstance(w, ElidedLabel) and not isinstance(w.parent(), inside)
    ]  # fmt: skip


def cut(panel: QWidget) -> list[str]:
    """Controls that are narrower than what they hold, or go beyond the panel's sides."""
    found = []
    for leaf in leaves(panel):
        left = leaf.mapTo(panel, leaf.rect().topLeft()).x()
        beyond = left < 0 or left + leaf.width() > panel.width()
        if beyond or leaf.width() < leaf.minimumSizeHint().width():
            said = (
                leaf.text() if isinstance(leaf, QAbstractButton | QLabel) else leaf.accessibleName()
            )
            found.append(f"{type(leaf).__name__} {said!r} {left}+{leaf.width()}")
    return found


def overlapping(panel: QWidget) -> list[str]:
    """Pairs that lie over one another."""

    def place(leaf: QWidget) -> QRect:
        shown = leaf.visibleRegion().boundingRect()
        return QRect(leaf.mapTo(panel, shown.topLeft()), shown.size())

    seen = [w for w in leaves(panel) if not w.visibleRegion().isEmpty()]
    return [
        f"{a.accessibleName() or a} over {b.accessibleName() or b}"
        for k, a in enumerate(seen) for b in seen[:k]
        if place(a).intersects(place(b)) and not a.isAncestorOf(b) and not b.isAncestorOf(a)
    ]  # fmt: skip


def lines_of(menu: QMenu) -> Iterator[QAction]:
    """The lines of a menu, and those of the menus in it."""
    for action in menu.actions():
        below = action.menu()
        yield from lines_of(below) if isinstance(below, QMenu) else (action,)
