"""A painter that ends whatever happens: Qt crashes where one outlives its paint event."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtGui import QPaintDevice, QPainter


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
