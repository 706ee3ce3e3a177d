"""How sound is painted: its waveform in cached pieces, its fades, and the grips that change them."""

from collections.abc import Iterator
from math import ceil, floor

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap, QPolygonF

from studio.spec.timeline.clip import Clip, Sound
from studio.ui.timeline.labels import Labels, blank
from studio.ui.timeline.layout import GRIP, Scale

PIECE = 256
"""Pixels of a waveform that are drawn as one."""


def paint_sound(
    painter: QPainter,
    box: QRectF,
    clip: Clip,
    sound: Sound,
    wave,
    seen: tuple[float, float],
    scale: Scale,
    rate: float,
    labels: Labels,
    ratio: float,
) -> None:
    """The part of a clip's waveform that is seen, at its gain, and its fades; `wave` is a
    `studio.media.audio.Waveform`, None while it is read."""
    if wave is not None and clip.footage is not None:
        for left, piece in _pieces(box, clip, sound, wave, seen, scale, rate, labels, ratio):
            painter.drawPixmap(QPointF(left, box.top()), piece)
    veil = labels.colour("ground", 130)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(veil)
    fade_in, fade_out = sound.fade_in * scale.zoom, sound.fade_out * scale.zoom
    for edge, inner in ((box.left(), box.left() + fade_in), (box.right(), box.right() - fade_out)):
        if abs(inner - edge) >= 1:
            corners = ((edge, box.top()), (inner, box.top()), (edge, box.bottom()))
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
    if box.width() > 6 * GRIP:
        painter.setBrush(labels.colour("text"))
        for x in (box.left() + fade_in, box.right() - fade_out - GRIP):
            x = min(max(box.left(), x), box.right() - GRIP)
            painter.drawRect(QRectF(x, box.top(), GRIP, GRIP))


def _pieces(
    box, clip, sound, wave, seen, scale, rate, labels, ratio
) -> Iterator[tuple[float, QPixmap]]:
    """The pieces that are seen, each with its left edge."""
    footage, high = clip.footage, round(box.height())
    begin = float(footage.begin / footage.rate)
    each = float(footage.speed) / rate / scale.zoom  # seconds of the file in a pixel
    first = floor(max(0.0, seen[0] - box.left()) / PIECE)
    end = ceil(min(box.width(), seen[1] - box.left()) / PIECE)
    for number in range(first, max(first, end)):
        wide = min(PIECE, ceil(box.width() - number * PIECE))
        key = ("wave", footage.asset, begin, each, sound.gain, high, ratio, number, wide)
        piece = labels.kept(
            key,
            lambda number=number, wide=wide: _drawn(
                wave, begin + number * PIECE * each, each, wide, high, sound.gain, labels, ratio
            ),
        )
        yield box.left() + number * PIECE, piece


def _drawn(wave, begin, each, wide, high, gain, labels: Labels, ratio: float) -> QPixmap:
    """One column for each pixel of the screen, from the lowest value to the highest."""
    made, painter = blank(wide, high, ratio)
    count = max(1, round(wide * ratio))
    columns = wave.columns(begin, begin + wide * each, count).astype(float) / 127
    columns = (columns * 10 ** (gain / 20)).clip(-1, 1)
    middle, far = high / 2, (high - 4) / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(labels.colour("muted"))
    rects = [
        QRectF(
            n / ratio, middle - top * far, 1 / ratio, max(1 / ratio, (top - bottom) * far)
        )
        for n, (bottom, top) in enumerate(columns.tolist())
    ]  # fmt: skip
    painter.drawRects(rects)
    painter.end()
    return made
