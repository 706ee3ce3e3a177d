"""How two pictures are compared: a line between before and after, and a loupe at the pointer."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPen

from studio.ui.widgets.theme import UNIT, Theme

CLOSER = 4
"""Times as large as on the surface that a loupe shows."""
RADIUS = 88
SIDES = ("Before", "After")
GAP = 4
"""Pixels between pictures that are seen together."""


def enlarged(picture: QImage, wide: int) -> QImage:
    """Doubled step by step: one bilinear leap over eight pixels shows stars and creases."""
    while picture.width() * 2 <= wide:
        picture = picture.scaled(
            picture.size() * 2,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    return picture


def paint_wipe(
    painter: QPainter, target: QRectF, wipe: float, theme: Theme, names: Sequence[str] = SIDES
) -> None:
    """The line over the picture at `target`, and the names of both sides: on it where they fit, else
    beside it."""
    line = target.left() + wipe * target.width()
    painter.setPen(QPen(theme.colour("accent"), 1.5))
    painter.drawLine(QPointF(line, target.top()), QPointF(line, target.bottom()))
    for words, left in zip(names, (True, False), strict=False):
        room = line - target.left() if left else target.right() - line
        _name(painter, target, words, room, theme, QRectF(painter.window()), left=left)


def _name(
    painter: QPainter,
    target: QRectF,
    words: str,
    room: float,
    theme: Theme,
    around: QRectF,
    *,
    left: bool = True,
) -> None:
    """A name at the foot of a picture, at one of its sides; where there is no room on it, beside it in
    what is `around` it, or cut."""
    font = painter.font()
    font.setPixelSize(theme.small)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    wide, high = metrics.horizontalAdvance(words) + 2 * UNIT, metrics.height() + UNIT // 2
    at = target.left() + UNIT if left else target.right() - wide - UNIT
    if room < wide + 2 * UNIT:
        at = target.left() - wide - UNIT if left else target.right() + UNIT
    if at < around.left() or at + wide > around.right():
        wide = max(0.0, room - 2 * UNIT)
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(wide) - 2 * UNIT)
        at = target.left() + UNIT if left else target.right() - wide - UNIT
    box = QRectF(at, target.bottom() - high - UNIT, wide, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("panel"))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(theme.colour("text"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def cells(count: int, width: float, height: float) -> list[QRectF]:
    """The places of two to four pictures: in a row, or four in two rows."""
    columns = 2 if count == 4 else count
    rows = -(-count // columns)
    wide, high = (width - GAP * (columns - 1)) / columns, (height - GAP * (rows - 1)) / rows
    return [
        QRectF((n % columns) * (wide + GAP), (n // columns) * (high + GAP), wide, high)
        for n in range(count)
    ]


def paint_together(
    painter: QPainter, room: QRect, pictures: Sequence[QImage], names: Sequence[str], theme: Theme
) -> None:
    """Pictures beside one another, each as large as it fits, with its name."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for cell, picture, name in zip(
        cells(len(pictures), room.width(), room.height()), pictures, names, strict=True
    ):
        if picture.isNull():
            continue
        scale = min(cell.width() / picture.width(), cell.height() / picture.height())
        wide, high = picture.width() * scale, picture.height() * scale
        left = cell.left() + (cell.width() - wide) / 2
        target = QRectF(left, cell.top() + (cell.height() - high) / 2, wide, high)
        painter.drawImage(target, enlarged(picture, round(wide)))
        _name(painter, target, name, wide, theme, cell)


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
