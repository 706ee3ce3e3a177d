"""How the strip is painted: pictures, what holds them, and the work between them."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from studio.spec.forecast import Forecast, Work
from studio.spec.strip import Strip
from studio.ui.keyframes.layout import Box, Places
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import Theme

BADGE = 16
STALE = 0.35
"""How much is seen of a keyframe that has to be made anew."""


@dataclass(frozen=True)
class Drawn:
    """What is to be painted.  Pictures of `former` keyframes show what these were; `added` keyframes are being drawn out of the end, below zero out of
    the start; `drop` is where something would fall."""

    strip: Strip
    pictures: tuple[QPixmap | None, ...]
    former: frozenset[int]
    forecast: Forecast | None
    chosen: frozenset[int]
    playing: int | None
    focused: int | None
    added: int
    drop: Box | None


def draw(painter: QPainter, drawn: Drawn, places: Places, icons: Icons, ratio: float) -> None:
    """Paint the whole strip."""
    theme = icons.theme
    for number in range(places.count):
        _keyframe(painter, drawn, number, places, icons, ratio)
    for number, work in enumerate(_intervals(drawn)):
        _interval(painter, places.interval(number), work, theme)
    for before in (True, False):
        _handle(painter, places.end(before=before), theme)
    _added(painter, drawn.added, places, theme)
    if drawn.drop:
        painter.fillRect(_rect(drawn.drop), _veil(theme, "accent", 90))


def _keyframe(
    painter: QPainter, drawn: Drawn, number: int, places: Places, icons: Icons, ratio: float
) -> None:
    theme, place = icons.theme, _rect(places.keyframe(number))
    picture = drawn.pictures[number]
    if picture is None:
        _empty(painter, place, number, theme)
    else:
        place = _picture(painter, place, picture, _is_made(drawn, number))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if number in drawn.chosen:
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawRect(place)
    if number == drawn.playing:
        _playhead(painter, place, theme)
    if number == drawn.focused:
        painter.setPen(QPen(theme.colour("accent"), 1, Qt.PenStyle.DotLine))
        painter.drawRect(place.adjusted(3, 3, -4, -4))
    _badges(painter, place, drawn.strip, number, icons, ratio)


def _picture(painter: QPainter, place: QRect, picture: QPixmap, made: bool) -> QRect:
    box = QRect(place.topLeft(), picture.deviceIndependentSize().toSize())
    box.moveCenter(place.center())
    painter.setOpacity(1.0 if made else STALE)
    painter.drawPixmap(box, picture)
    painter.setOpacity(1.0)
    return box


def _playhead(painter: QPainter, place: QRect, theme: Theme) -> None:
    """White as on the timeline, above the picture: the accent is what is chosen."""
    painter.fillRect(QRect(place.left(), place.top() - 3, place.width(), 3), theme.colour("text"))


def _empty(painter: QPainter, place: QRect, number: int, theme: Theme) -> None:
    painter.setPen(QPen(theme.colour("edge"), 1, Qt.PenStyle.DashLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place.adjusted(0, 0, -1, -1))
    painter.setPen(theme.colour("muted"))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(number + 1))


def _badges(
    painter: QPainter, place: QRect, strip: Strip, number: int, icons: Icons, ratio: float
) -> None:
    """In the lower left corner what holds the keyframe, in the lower right one what made it."""
    key = strip.keys[number]
    source = strip.sources[key.source]
    corner = QRect(0, 0, BADGE, BADGE)
    if key.locked:
        corner.moveBottomLeft(place.bottomLeft())
        _badge(painter, corner, "lock", icons, ratio)
    made_by = "photos" if source.picture else "dice" if source.seed is not None else ""
    if made_by:
        corner.moveBottomRight(place.bottomRight())
        _badge(painter, corner, made_by, icons, ratio)


def _badge(painter: QPainter, corner: QRect, icon: str, icons: Icons, ratio: float) -> None:
    painter.fillRect(corner, _veil(icons.theme, "ground", 200))
    painter.drawPixmap(corner.adjusted(2, 2, -2, -2), icons.pixmap(icon, "text", 12, ratio))


def _interval(painter: QPainter, place: Box, work: Work | None, theme: Theme) -> None:
    """Green where all frames are there, amber where some are to be made, grey while unknown."""
    role = "control" if work is None else "attention" if work.missing else "done"
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(role))
    painter.drawRoundedRect(_rect(place), 2, 2)


def _handle(painter: QPainter, place: Box, theme: Theme) -> None:
    painter.setPen(QPen(theme.colour("edge"), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    middle = place.top + place.height / 2
    for x in (place.middle - 1.5, place.middle + 2.5):
        painter.drawLine(QPointF(x, middle - 8), QPointF(x, middle + 8))


def _added(painter: QPainter, added: int, places: Places, theme: Theme) -> None:
    """Keyframes being drawn out of an end."""
    numbers = range(places.count, places.count + added) if added > 0 else range(added, 0)
    painter.setBrush(_veil(theme, "accent", 40))
    painter.setPen(QPen(theme.colour("accent"), 1, Qt.PenStyle.DashLine))
    for number in numbers:
        painter.drawRect(_rect(places.keyframe(number)).adjusted(0, 0, -1, -1))
    if added:
        end = _rect(places.end(before=added < 0)).center()
        badge = QRectF(end.x() - 24, end.y() - 12, 48, 24)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawRoundedRect(badge, 6, 6)
        painter.setPen(theme.colour("on_accent"))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, f"+{abs(added)}")


def _intervals(drawn: Drawn) -> tuple[Work | None, ...]:
    found, count = drawn.forecast, len(drawn.strip.keys)
    if found is None:
        return (None,) * (count - 1)
    return found.intervals[: count if drawn.strip.loop else count - 1]


def _is_made(drawn: Drawn, number: int) -> bool:
    found = drawn.forecast
    return number not in drawn.former and (found is None or found.made[number])


def _rect(box: Box) -> QRect:
    return QRect(box.left, box.top, box.width, box.height)


def _veil(theme: Theme, role: str, alpha: int) -> QColor:
    colour = QColor(theme.colour(role))
    colour.setAlpha(alpha)
    return colour
