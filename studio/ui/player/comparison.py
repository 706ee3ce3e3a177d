"""How two pictures are compared: a line between before and after, and a loupe at the pointer."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPen

from studio.ui.widgets.theme import UNIT, Theme

CLOSER = 4
"""Times as large as on the surface that a loupe shows."""
RADIUS = 88


def enlarged(picture: QImage, wide: int) -> QImage:
    """Doubled step by step: one bilinear leap over eight pixels shows stars and creases."""
    while picture.width() * 2 <= wide:
        picture = picture.scaled(
            picture.size() * 2,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    return picture


def paint_wipe(painter: QPainter, target: QRectF, wipe: float, theme: Theme) -> None:
    """The line over the picture at `target`, and the names of both sides where they fit."""
    line = target.left() + wipe * target.width()
    painter.setPen(QPen(theme.colour("accent"), 1.5))
    painter.drawLine(QPointF(line, target.top()), QPointF(line, target.bottom()))
    font = painter.font()
    font.setPixelSize(theme.small)
    painter.setFont(font)
    for words, left in (("Before", True), ("After", False)):
        wide = painter.fontMetrics().horizontalAdvance(words) + 2 * UNIT
        high = painter.fontMetrics().height() + UNIT // 2
        room = line - target.left() if left else target.right() - line
        if room < wide + 2 * UNIT:
            continue
        at = target.left() + UNIT if left else target.right() - wide - UNIT
        box = QRectF(at, target.bottom() - high - UNIT, wide, high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("panel"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(theme.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def paint_loupe(
    painter: QPainter,
    at: QPointF,
    target: QRectF,
    paint: Callable[[QPainter, QRectF], None],
    theme: Theme,
) -> None:
    """A round window at the pointer on what `paint` puts at `target`, closer."""
    circle = QPainterPath()
    circle.addEllipse(at, RADIUS, RADIUS)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipPath(circle)
    painter.fillPath(circle, theme.colour("ground"))
    closer = QRectF(
        at.x() - CLOSER * (at.x() - target.left()),
        at.y() - CLOSER * (at.y() - target.top()),
        CLOSER * target.width(),
        CLOSER * target.height(),
    )
    paint(painter, closer)
    painter.restore()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("accent"), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(at, RADIUS, RADIUS)
    painter.restore()
