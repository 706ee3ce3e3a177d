"""How the timeline is painted: only what is seen, found by bisection; one pass, no item per clip."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from studio.spec.timeline.clip import Clip
from studio.spec.timeline.media import Media
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import Track
from studio.spec.timeline.trimming import HEAD
from studio.ui.timeline.clip_painting import SURFACES, Look, outline, paint_clip, paint_state
from studio.ui.timeline.dragging import Drop
from studio.ui.timeline.layout import HEADING, RULER, Row, ticks

PAD = 8
THIN = 3.0
"""Pixels below which clips are painted together."""
MARKER = 5


@dataclass(frozen=True)
class Drawn:
    """What is to be painted: `drop` is what a drag would do, `line` where something would be put;
    `focused` the clip that the keyboard is on; `y` pixels are scrolled away."""

    timeline: Timeline
    rows: Sequence[Row]
    media: Media
    chosen: frozenset[str]
    focused: str
    playhead: int
    is_shown: bool
    drop: Drop | None
    line: int | None
    y: int


def draw(painter: QPainter, drawn: Drawn, look: Look, dirty: QRectF) -> None:
    """Paint what lies in `dirty`."""
    theme = look.labels.theme
    painter.fillRect(dirty, theme.colour("ground"))
    painter.save()
    below = dirty.intersected(QRectF(0, RULER, look.scale.width, 1e6))
    painter.setClipRect(below)
    painter.translate(0, -drawn.y)
    for row in drawn.rows:
        box = QRectF(0, row.top - drawn.y, look.scale.width, row.height + 1)
        if box.intersects(below):
            _row(painter, drawn, row, look, below)
    painter.restore()
    _marks(painter, drawn, look, dirty)
    painter.save()
    painter.setClipRect(below.intersected(QRectF(HEADING, 0, look.scale.width, 1e6)))
    painter.translate(0, -drawn.y)
    _drop(painter, drawn, look)
    painter.restore()
    _ruler(painter, drawn, look, dirty)
    if drawn.line is not None:
        _line(painter, look.scale.x(drawn.line), dirty, theme.colour("accent"), 2)
    _playhead(painter, drawn, look, dirty)


def _row(painter: QPainter, drawn: Drawn, row: Row, look: Look, dirty: QRectF) -> None:
    theme, track = look.labels.theme, drawn.timeline.tracks[row.number]
    painter.fillRect(QRectF(dirty.left(), row.bottom, dirty.width(), 1), theme.colour("control"))
    if dirty.right() > HEADING:
        painter.save()
        sides = QRectF(max(dirty.left(), HEADING), row.top, dirty.width(), row.height)
        painter.setClipRect(sides, Qt.ClipOperation.IntersectClip)
        if not track.on:
            painter.setOpacity(0.4)
        _clips(painter, drawn, row, track, look, (sides.left(), min(sides.right(), dirty.right())))
        painter.restore()
    if dirty.left() < HEADING:
        _heading(painter, row, track, look)


def _clips(
    painter: QPainter, drawn: Drawn, row: Row, track: Track, look: Look, seen: tuple[float, float]
) -> None:
    """The clips that are seen: whole ones, plain ones where there is no room for more, and those too
    thin to be told apart as one."""
    scale, zoom, starts, clips = look.scale, look.scale.zoom, track.starts, track.clips
    top, high, origin = row.top + 1, row.height - 2, scale.x(0)
    plain = look.labels.colour(SURFACES.get(track.kind, "raised"))
    crowd, crowd_end = 0.0, -1.0
    for number in track.within(*scale.frames(*seen)):
        clip = clips[number]
        left, wide = origin + starts[number] * zoom, clip.length * zoom
        if wide < THIN:
            if left > crowd_end + 1:
                _flush(painter, crowd, crowd_end, row, look)
                crowd = left
            crowd_end = left + max(1.0, wide)
            continue
        box = QRectF(left, top, wide - 1, high)
        if wide >= look.least:
            film = look.titles.film(clip, starts[number], drawn.media)
            paint_clip(painter, box, clip, film, seen, look)
        else:
            painter.fillRect(box, plain)
            paint_state(painter, box, look.look.state(clip.id), look)
        if clip.id in drawn.chosen or clip.id == drawn.focused:
            _frame(painter, drawn, clip, box, look)
    _flush(painter, crowd, crowd_end, row, look)


def _flush(painter: QPainter, left: float, end: float, row: Row, look: Look) -> None:
    if end > left:
        box = QRectF(left, row.top + 1, end - left, row.height - 2)
        painter.fillRect(box, look.labels.colour("raised"))


def _frame(painter: QPainter, drawn: Drawn, clip: Clip, box: QRectF, look: Look) -> None:
    if clip.id in drawn.chosen:
        outline(painter, box, "accent", look.labels, wide=2)
    if clip.id == drawn.focused:
        outline(painter, box.adjusted(3, 3, -3, -3), "text", look.labels, dotted=True)


def _heading(painter: QPainter, row: Row, track: Track, look: Look) -> None:
    """The track's name, and below it what is unusual of it."""
    theme, labels, ratio = look.labels.theme, look.labels, look.ratio
    painter.fillRect(QRectF(0, row.top, HEADING, row.height), theme.colour("panel"))
    painter.fillRect(QRectF(HEADING - 1, row.top, 1, row.height), theme.colour("control"))
    unusual = [w for w, on in (("locked", track.locked), ("off", not track.on)) if on]
    high = labels.height()
    two = bool(unusual) and row.height > 2 * high + 2
    top = row.top + (row.height - high * (2 if two else 1)) / 2
    name = track.name or track.kind.capitalize()
    if unusual and not two:
        name = f"{name} · {', '.join(unusual)}"
    room = HEADING - 2 * PAD
    painter.drawPixmap(PAD, round(top), labels.text(name, "text", room, ratio))
    if two:
        beside = labels.text(", ".join(unusual), "muted", room, ratio)
        painter.drawPixmap(PAD, round(top + high), beside)


def _ruler(painter: QPainter, drawn: Drawn, look: Look, dirty: QRectF) -> None:
    if dirty.top() >= RULER:
        return
    theme, scale = look.labels.theme, look.scale
    painter.fillRect(QRectF(dirty.left(), 0, dirty.width(), RULER), theme.colour("panel"))
    painter.fillRect(QRectF(dirty.left(), RULER - 1, dirty.width(), 1), theme.colour("control"))
    painter.save()
    painter.setClipRect(QRectF(HEADING, 0, scale.width, RULER), Qt.ClipOperation.IntersectClip)
    _range(painter, drawn, look)
    for tick in ticks(scale, drawn.timeline.rate, dirty.left(), dirty.right()):
        x = round(scale.x(tick.frame))
        high = 8 if tick.label else 4
        painter.fillRect(QRectF(x, RULER - 1 - high, 1, high), theme.colour("edge"))
        if tick.label:
            text = look.labels.text(tick.label, "muted", 96, look.ratio)
            painter.drawPixmap(x + 4, 3, text)
    for marker in drawn.timeline.markers:
        _marker(painter, scale.x(marker.frame), theme.colour("text"))
    painter.restore()


def _range(painter: QPainter, drawn: Drawn, look: Look) -> None:
    """What is marked, as a band at the foot of the ruler."""
    timeline, scale = drawn.timeline, look.scale
    if timeline.mark_in is None and timeline.mark_out is None:
        return
    left = scale.x(timeline.mark_in or 0)
    end = timeline.length if timeline.mark_out is None else timeline.mark_out
    colour = look.labels.theme.colour("text")
    painter.fillRect(QRectF(left, RULER - 4, max(1.0, scale.x(end) - left), 3), colour)
    for x in (left, scale.x(end) - 2):
        painter.fillRect(QRectF(x, RULER - 12, 2, 11), colour)


def _marks(painter: QPainter, drawn: Drawn, look: Look, dirty: QRectF) -> None:
    """What lies outside the marked range is dimmed; markers go down through all tracks."""
    timeline, scale, theme = drawn.timeline, look.scale, look.labels.theme
    painter.save()
    painter.setClipRect(
        dirty.intersected(QRectF(HEADING, RULER, scale.width, 1e6)), Qt.ClipOperation.IntersectClip
    )
    dim = QColor(theme.colour("ground"))
    dim.setAlpha(110)
    if timeline.mark_in is not None:
        painter.fillRect(QRectF(HEADING, 0, scale.x(timeline.mark_in) - HEADING, 1e6), dim)
    if timeline.mark_out is not None:
        x = scale.x(timeline.mark_out)
        painter.fillRect(QRectF(x, 0, max(0.0, scale.width - x), 1e6), dim)
    for marker in timeline.markers:
        x = scale.x(marker.frame)
        if dirty.left() - 1 <= x <= dirty.right():
            painter.fillRect(QRectF(round(x), 0, 1, 1e6), theme.colour("edge"))
    painter.restore()


def _marker(painter: QPainter, x: float, colour: QColor) -> None:
    """A small flag on the ruler."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    shape = ((-MARKER, 0), (MARKER, 0), (0, MARKER + 3))
    painter.drawPolygon(QPolygonF([QPointF(x + right, down) for right, down in shape]))


def _drop(painter: QPainter, drawn: Drawn, look: Look) -> None:
    """Where dragged clips would come to lie, and the line that they snapped to."""
    if drawn.drop is None:
        return
    theme, scale = look.labels.theme, look.scale
    tops = {drawn.timeline.tracks[row.number].id: row for row in drawn.rows}
    veil = QColor(theme.colour("accent"))
    veil.setAlpha(50)
    for ghost in drawn.drop.ghosts:
        row = tops[ghost.track]
        left, wide = scale.x(ghost.start), ghost.length * scale.zoom
        box = QRectF(left, row.top + 1, max(1.0, wide - 1), row.height - 2)
        painter.fillRect(box, veil)
        if ghost.to_make:
            new = ghost.to_make * scale.zoom
            edge = box.left() if ghost.end == HEAD else box.right() - new
            hatched = QRectF(edge, box.top(), new, box.height())
            painter.fillRect(hatched, look.labels.hatch("accent", look.ratio))
        outline(painter, box, "accent", look.labels, wide=2)
    if drawn.drop.snapped is not None:
        x = scale.x(drawn.drop.snapped)
        painter.fillRect(QRectF(round(x), 0, 1, 1e6), theme.colour("accent"))


def _line(painter: QPainter, x: float, dirty: QRectF, colour: QColor, wide: int) -> None:
    if x >= HEADING and dirty.left() - wide <= x <= dirty.right() + wide:
        painter.fillRect(QRectF(round(x), RULER, wide, 1e6), colour)


def _playhead(painter: QPainter, drawn: Drawn, look: Look, dirty: QRectF) -> None:
    """A white line through all of it; hollow on the ruler while something else is on the player."""
    x = look.scale.x(drawn.playhead)
    if x < HEADING - 1 or not dirty.left() - MARKER <= x <= dirty.right() + MARKER:
        return
    colour = look.labels.theme.colour("text")
    painter.fillRect(QRectF(round(x), RULER - 6, 1, 1e6), colour)
    painter.setPen(QPen(colour, 1))
    painter.setBrush(colour if drawn.is_shown else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(round(x) - 4.5, RULER - 14, 10, 9), 2, 2)
