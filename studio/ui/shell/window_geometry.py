"""The window's geometry: within the screen at every start, docks as wide as they were set."""

import struct
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QMargins, QPoint, QRect, QSize

FIRST, SHARE = QSize(1280, 800), 0.8
"""Pixels of a new window, and what it takes of a screen that is larger."""
TITLE_BAR = 40
"""Pixels that the system's frame may take above the window."""
GRIP = 96
"""Pixels of the window's top that have to be on a screen for it to be moved by them."""
MAGIC, _SAVED = 0x1D9D0CB, struct.Struct(">I2H4i4i")
"""How Qt's saved geometry begins: a number, its version, the place with the frame and without."""


def first_place(available: QRect, frame: QMargins | None = None) -> QRect:
    """A new window's place: in the middle of what a screen leaves free, most of it, and not larger.

    `frame` is what the system puts around it; before it is shown nobody knows.
    """
    free = available.marginsRemoved(QMargins(0, TITLE_BAR, 0, 0) if frame is None else frame)
    size = (free.size() * SHARE).expandedTo(FIRST).boundedTo(free.size())
    left = free.left() + (free.width() - size.width()) // 2
    top = free.top() + (free.height() - size.height()) // 2
    return QRect(QPoint(left, top), size)


def normal_place(saved: bytes) -> QRect | None:
    """Where a window was, without its frame, as `QWidget.saveGeometry` wrote it; None for other bytes.

    `restoreGeometry` moves a window so that a frame that it guesses lies on the screen.
    """
    if len(saved) < _SAVED.size:
        return None
    magic, *_, left, top, right, bottom = _SAVED.unpack_from(saved)
    place = QRect(QPoint(left, top), QPoint(right, bottom))
    return place if magic == MAGIC and place.isValid() else None


def is_pushed(left: QRect, window: QRect, frame: QRect) -> bool:
    """Whether a window that was left at `left` lies off by its frame: the system put that there."""
    by, reach = window.topLeft() - left.topLeft(), around(window, frame)
    pushed = 0 <= by.x() <= reach.left() and 0 <= by.y() <= reach.top() and not by.isNull()
    return pushed and window.size() == left.size()


def around(window: QRect, frame: QRect) -> QMargins:
    """How far the system's frame reaches beyond a window, on each side."""
    first, last = window.topLeft() - frame.topLeft(), frame.bottomRight() - window.bottomRight()
    return QMargins(first.x(), first.y(), last.x(), last.y())


def brought_back(window: QRect, screens: Sequence[QRect]) -> QRect:
    """Where a window belongs that was left at `window`, now that there are these screens.

    It stays where it can be reached and seen: at least its top on one of them, and no larger than
    that one.  Otherwise it goes to the screen that holds most of it, or to the first.
    """
    if not screens:
        return window
    best = max(screens, key=lambda screen: _area(screen.intersected(window)))
    wide, high = min(window.width(), best.width()), min(window.height(), best.height() - TITLE_BAR)
    top = QRect(window.left(), window.top(), window.width(), TITLE_BAR)
    visible = [screen.intersected(top) for screen in screens]
    held = any(part.width() >= GRIP and part.height() >= TITLE_BAR // 2 for part in visible)
    if (wide, high) == (window.width(), window.height()) and held:
        return window
    left = min(max(window.left(), best.left()), best.right() + 1 - wide)
    upper = min(max(window.top(), best.top() + TITLE_BAR), best.bottom() + 1 - high)
    return QRect(left, upper, wide, high)


def grown(widths: Mapping[str, int], wished: Mapping[str, int], room: int) -> dict[str, int]:
    """Widths of docks that were squeezed, now that there are `room` pixels to give back.

    Where that is too little for all, each gets the same share of what it lacks.
    """
    lacking = {name: max(0, wished.get(name, wide) - wide) for name, wide in widths.items()}
    total = sum(lacking.values())
    if not total or room <= 0:
        return dict(widths)
    share = min(1.0, room / total)
    return {name: wide + int(lacking[name] * share) for name, wide in widths.items()}


def _area(rect: QRect) -> int:
    return rect.width() * rect.height() if rect.isValid() else 0
