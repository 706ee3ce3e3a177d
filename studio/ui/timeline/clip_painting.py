"""How one clip is painted: its pictures, its name and state, its keyframes, what is to be made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from studio.spec.timeline.clip import Clip, Sound
from studio.spec.timeline.states import CHANGED, NEIGHBOUR, TO_MAKE
from studio.ui.state.timeline_look import TimelineLook
from studio.ui.state.timeline_lookup import TakeFrames
from studio.ui.state.timeline_pictures import Place, TimelinePictures
from studio.ui.timeline.labels import DIAMOND, Labels
from studio.ui.timeline.layout import HEADING, Scale
from studio.ui.timeline.tiles import Film, diamonds, tiles
from studio.ui.timeline.titles import Titles
from studio.ui.timeline.wave_painting import paint_sound

PAD = 6
LONGEST_LABEL = 360
"""Pixels from the left end of what is seen of a clip, within which its name and state are."""
SHOWN = 24.0
"""Pixels of a clip that shows its name and pictures; narrower ones are plain."""
WIDE = 16 / 9
"""The shape of pictures of which nobody knows it."""
ROLES = {CHANGED: "attention", NEIGHBOUR: "attention"}
SURFACES = {"prompt": "words", "audio": "control", "video": "raised"}


@dataclass
class Look:
    """What clips are painted with; `wanted` gathers the pictures that are seen."""

    scale: Scale
    ratio: float
    labels: Labels
    titles: Titles
    look: TimelineLook
    pictures: TimelinePictures
    wanted: list[Place]
    medium: Callable[[str], TakeFrames | None]
    waveform: Callable[[str], object]
    rate: float
    sounds: Mapping[str, Sound] = field(default_factory=dict)
    """How clips would sound after the drag that is going on."""
    least: float = SHOWN
    """Pixels of the narrowest clip that is painted with all that it shows."""


def paint_clip(
    painter: QPainter,
    box: QRectF,
    clip: Clip,
    film: Film | None,
    seen: tuple[float, float],
    with_: Look,
) -> None:
    """A clip in its box; `film` where it shows a take, of which x in `seen` is painted."""
    labels = with_.labels
    painter.fillRect(box, labels.colour(SURFACES.get(clip.kind, "raised")))
    if film is not None:
        _paint_film(painter, box, film, seen, with_)
    if clip.sound is not None:
        sound = with_.sounds.get(clip.id, clip.sound)
        wave = with_.waveform(clip.footage.asset) if clip.footage else None
        paint_sound(
            painter, box, clip, sound, wave, seen, with_.scale, with_.rate, labels, with_.ratio
        )
    state = with_.look.state(clip.id)
    _paint_holes(painter, box, clip, film, state, with_)
    paint_state(painter, box, state, with_)
    if film is not None:
        mark = labels.diamond("text", with_.ratio)
        left, right, down = box.left(), box.right(), round(box.bottom()) - DIAMOND - 1
        for _, x in diamonds(film, with_.scale, *seen):
            if left <= x < right:
                painter.drawPixmap(round(x - DIAMOND / 2), down, mark)
    _paint_texts(painter, box, clip, state, with_)


def paint_state(painter: QPainter, box: QRectF, state: str, with_: Look) -> None:
    """A band in the attention colour at the foot of what is out of date."""
    role = ROLES.get(state)
    if role:
        bar = QRectF(box.left(), box.bottom() - 3, box.width(), 3)
        painter.fillRect(bar, with_.labels.colour(role))


def outline(
    painter: QPainter,
    box: QRectF,
    role: str,
    labels: Labels,
    *,
    wide: float = 1,
    dotted: bool = False,
) -> None:
    """A frame around a clip: chosen, focused, or none of both."""
    style = Qt.PenStyle.DotLine if dotted else Qt.PenStyle.SolidLine
    painter.setPen(QPen(labels.theme.colour(role), wide, style))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = wide / 2
    painter.drawRect(box.adjusted(inset, inset, -inset, -inset))


def _paint_film(
    painter: QPainter, box: QRectF, film: Film, seen: tuple[float, float], with_: Look
) -> None:
    footage = film.clip.footage
    take = with_.medium(footage.medium) if footage else None
    if take is None or not take.parts:
        return
    high = round(box.height())
    wide = high * (take.width / take.height if take.width and take.height else WIDE)
    top, ratio, full = box.top(), with_.ratio, box.height()
    wanted, there, labels = with_.wanted, with_.pictures.get, with_.labels
    for tile in tiles(film, with_.scale, wide, *seen):
        place = take.key(tile.frame)
        if place is None:
            continue
        wanted.append(place)
        picture = there(place)
        if picture is None:
            continue
        pixmap = labels.picture(picture, high, ratio)
        left = round(tile.left)  # whole pixels: no seams between pictures
        whole, cut = pixmap.width(), (round(tile.right) - left) * ratio
        cut = min(float(whole), cut)
        source = QRectF((whole - cut) / 2, 0, cut, pixmap.height())
        painter.drawPixmap(QRectF(left, top, cut / ratio, full), pixmap, source)


def _paint_holes(
    painter: QPainter, box: QRectF, clip: Clip, film: Film | None, state: str, with_: Look
) -> None:
    """What a render would make is hatched: of a clip without a take all of it."""
    if state == TO_MAKE and film is None:
        painter.fillRect(box, with_.labels.hatch("muted", with_.ratio))
    elif film is not None and (holes := with_.look.holes(clip.id)):
        brush = with_.labels.hatch("muted", with_.ratio)
        for first, end in holes:
            left = max(box.left(), film.x(first, with_.scale))
            right = min(box.right(), film.x(end, with_.scale))
            if right > left:
                hole = QRectF(left, box.top(), right - left, box.height())
                painter.fillRect(hole, with_.labels.colour("ground", 120))
                painter.fillRect(hole, brush)


def _paint_texts(painter: QPainter, box: QRectF, clip: Clip, state: str, with_: Look) -> None:
    """Name and state at the left edge of what is seen, on a ground on which they can be read."""
    left = max(box.left(), float(HEADING)) + PAD
    room = min(box.right() - left - PAD, LONGEST_LABEL - 4.0 * PAD)
    if room < SHOWN:
        return
    labels, ratio = with_.labels, with_.ratio
    name = labels.text(with_.titles.name(clip), "text", room, ratio)
    wide = name.width() / ratio
    words = with_.titles.state(clip)
    stands = None
    if words and room - wide - 2 * PAD > SHOWN:
        stands = labels.text(words, ROLES.get(state, "muted"), room - wide - PAD, ratio)
    high = labels.height()
    top = box.top() + (PAD / 2 if clip.kind == "video" else (box.height() - high) / 2)
    if clip.kind != "prompt":
        width = wide + (stands.width() / ratio + PAD if stands else 0) + PAD
        ground = QRectF(left - PAD / 2, top - 1, width, high + 2)
        painter.fillRect(ground, labels.colour("ground", 190))
    painter.drawPixmap(round(left), round(top), name)
    if stands:
        painter.drawPixmap(round(left + wide + PAD), round(top), stands)
