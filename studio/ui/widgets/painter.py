"""A painter that ends whatever happens: Qt crashes where one outlives its paint event."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPaintDevice, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from studio.ui.widgets.theme import Theme


@contextmanager
def painting(device: QPaintDevice) -> Iterator[QPainter]:
    """A painter on a widget or picture for the length of the block."""
    painter = QPainter(device)
    try:
        yield painter
    finally:
        painter.end()


@contextmanager
def saved(painter: QPainter) -> Iterator[None]:
    """What the block changes of a painter that belongs to Qt is undone at its end."""
    painter.save()
    try:
        yield
    finally:
        painter.restore()


def paint_row_ground(painter: QPainter, option: QStyleOptionViewItem, theme: Theme) -> None:
    """What lies below a row of a list: whether it is chosen, under the mouse, or has the focus."""
    area: QRect = option.rect  # type: ignore[attr-defined]
    state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
    chosen = state & QStyle.StateFlag.State_Selected
    if chosen or state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(area, theme.colour("raised"))
    if chosen:
        painter.fillRect(QRect(area.left(), area.top(), 2, area.height()), theme.colour("accent"))
    if state & QStyle.StateFlag.State_HasFocus:
        paint_frame(painter, area, theme.colour("accent"))


def paint_frame(painter: QPainter, area: QRect, colour: QColor) -> None:
    """A line of one pixel within an area; a pen's reaches half a pixel beyond it at scale 2, where
    nobody paints it over."""
    across, down = QRect(area.topLeft(), area.topRight()), QRect(area.topLeft(), area.bottomLeft())
    for line in (across, across.translated(0, area.height() - 1),
                 down, down.translated(area.width() - 1, 0)):  # fmt: skip
        painter.fillRect(line, colour)
