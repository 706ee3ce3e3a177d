"""The window's geometry: within the screen at every start, docks as wide as they were set."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QMargins, QPoint, QRect, QSize

FIRST = QSize(1280, 800)
TITLE_BAR = 40
"""Pixels that the system's frame may take above the window."""
GRIP = 96
"""Pixels of the window's top that have to be on a screen for it to be moved by them."""


def first_place(available: QRect, frame: QMargins | None = None) -> QRect:
    """A new window's place: in the middle of what a screen leaves free, and not larger.

    `frame` is what the system puts around it; before it is shown nobody knows.
    """
    free = available.marginsRemoved(QMargins(0, TITLE_BAR, 0, 0) if frame is None else frame)
    size = FIRST.boundedTo(free.size())
    left = free.left() + (free.width() - size.width()) // 2
    top = free.top() + (free.height() - size.height()) // 2
    return QRect(QPoint(left, top), size)


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
