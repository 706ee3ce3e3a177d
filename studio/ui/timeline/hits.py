"""What lies under the pointer: a clip or its end, a gap, a name, the ruler."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.trimming import HEAD, TAIL
from studio.ui.timeline.layout import HEADING, RULER, Row, Scale, row_at

EDGE = 7
"""Pixels inside a clip at which its end is taken hold of."""
RULE, NAME, CLIP, GAP, NOTHING = "ruler", "name", "clip", "gap", "nothing"


@dataclass(frozen=True, slots=True)
class Hit:
    """`what` is there; of a clip or gap its `track` and frame, `end` where it can be trimmed."""

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
    edge = min(EDGE, (right - left) / 4)
    end = HEAD if x < left + edge else TAIL if x >= right - edge else ""
    return Hit(CLIP, frame, track.id, clip.id, end)
