"""What lies under the pointer: a clip or its end, a gap, a name, the ruler."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.spec.timeline.clip import Clip
from studio.spec.timeline.sounding import FADE_IN, FADE_OUT
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.trimming import HEAD, TAIL
from studio.ui.timeline.layout import GRIP, HEADING, RULER, Row, Scale, row_at

EDGE = 7
"""Pixels inside a clip at which its end is taken hold of."""
RULE, NAME, CLIP, GAP, NOTHING = "ruler", "name", "clip", "gap", "nothing"
NEAR_GRIP = 5
"""Pixels beside a grip at which it is taken hold of."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`what` is there; of a clip or gap its `track` and frame, `end` where it can be trimmed, or
    a fade of it changed."""

    what: str
    frame: int = 0
    track: str = ""
    clip: str = ""
    end: str = ""


def hit(timeline: Timeline, rows: Sequence[Row], scale: Scale, x: float, y: float) -> Hit:
    """What lies at a place of the view; `y` counts what is scrolled away."""
    frame = scale.at(x)
    if y < RULER:
        return Hit(RULE, frame)
    row = row_at(rows, y)
    if row is None:
        return Hit(NOTHING, frame)
    track = timeline.tracks[row.number]
    if x < HEADING:
        return Hit(NAME, frame, track.id)
    number = track.at(frame)
    if number is None:
        return Hit(GAP, frame, track.id)
    clip = track.clips[number]
    left, right = scale.x(track.starts[number]), scale.x(track.end(number))
    if fade := _fade(clip, left, right, scale.zoom, x, y - row.top):
        return Hit(CLIP, frame, track.id, clip.id, fade)
    edge = min(EDGE, (right - left) / 4)
    end = HEAD if x < left + edge else TAIL if x >= right - edge else ""
    return Hit(CLIP, frame, track.id, clip.id, end)


def _fade(clip: Clip, left: float, right: float, zoom: float, x: float, down: float) -> str:
    """The fade whose grip lies at x, so many pixels below the top of its track; "" for none."""
    if clip.sound is None or down > GRIP + NEAR_GRIP or right - left <= 6 * GRIP:
        return ""
    grips = {
        FADE_IN: left + clip.sound.fade_in * zoom + GRIP / 2,
        FADE_OUT: right - clip.sound.fade_out * zoom - GRIP / 2,
    }
    nearest = min(grips, key=lambda end: abs(grips[end] - x))
    return nearest if abs(grips[nearest] - x) <= GRIP / 2 + NEAR_GRIP else ""
