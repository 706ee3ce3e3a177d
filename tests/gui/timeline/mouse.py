"""The pointer on the timeline, by frames and tracks instead of pixels."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from studio.ui.timeline.view import TimelineView

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def place(view: TimelineView, clip: str, inside: float = 0.5) -> QPoint:
    """A point in a clip, 0..1 of its width."""
    box = view.place(clip)
    return QPoint(round(box.left() + inside * box.width()), box.center().y())


def send(view: TimelineView, kind: QEvent.Type, at: QPoint, held=Qt.KeyboardModifier.NoModifier):
    """One event of the left button."""
    button = NONE if kind == QEvent.Type.MouseMove else LEFT
    down = NONE if kind == QEvent.Type.MouseButtonRelease else LEFT
    there = QPointF(view.mapToGlobal(at))
    QApplication.sendEvent(view, QMouseEvent(kind, QPointF(at), there, button, down, held))


def drag(
    view: TimelineView,
    start: QPoint,
    to: QPoint,
    *,
    held=Qt.KeyboardModifier.NoModifier,
    let_go=True,
):
    """Press, move in two steps, and let go."""
    send(view, QEvent.Type.MouseButtonPress, start, held)
    send(view, QEvent.Type.MouseMove, (start + to) / 2, held)
    send(view, QEvent.Type.MouseMove, to, held)
    if let_go:
        send(view, QEvent.Type.MouseButtonRelease, to, held)


def frames(view: TimelineView, start: QPoint, by: float) -> QPoint:
    """A point so many frames later."""
    return QPoint(round(start.x() + by * view.axis.scale.zoom), start.y())


def wheel(view: TimelineView, at: QPoint, turned: int, held: Qt.KeyboardModifier):
    """The wheel turned by so many eighths of a degree."""
    event = QWheelEvent(
        QPointF(at), QPointF(view.mapToGlobal(at)), QPoint(), QPoint(0, turned), NONE, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)
