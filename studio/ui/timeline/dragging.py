"""What a drag would do, before the button is let go: computed from the pointer, without a widget."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from studio.spec.refusal import Refusal
from studio.spec.timeline.clip import Sound
from studio.spec.timeline.marking import snap
from studio.spec.timeline.media import Media
from studio.spec.timeline.sounding import FADE_IN, set_fade
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.trimming import TAIL, more, room

REACH = 10
"""Pixels within which an edge snaps."""


@dataclass(frozen=True, slots=True)
class Grab:
    """What was taken hold of: a `clip`, at an `end` or in its body, where the pointer was at `frame`
    (maybe a fraction); `chosen` move along.  `places` are where edges snap to, none without."""

    clip: str
    end: str
    frame: float
    chosen: frozenset[str]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ghost:
    """A clip where it would come to lie: its track, first frame and length, of which `to_make`
    frames at its `end` are yet to be made."""

    track: str
    start: int
    length: int
    to_make: int = 0
    end: str = TAIL


@dataclass(frozen=True, slots=True)
class Drop:
    """What letting go would do: clips `by` frames, some to other `tracks`; or one end `by`, of which
    `beyond` are more than its take has; or a clip that shows `slipped` frames later in its medium.
    `sounds` is how clips would sound.  `snapped` is the frame of the line that it snapped to."""

    by: int
    beyond: int = 0
    tracks: Mapping[str, str] = field(default_factory=dict)
    ghosts: tuple[Ghost, ...] = ()
    snapped: int | None = None
    sounds: Mapping[str, Sound] = field(default_factory=dict)
    slipped: int = 0


def faded(timeline: Timeline, grab: Grab, frame: float) -> Drop:
    """A fade as long as the pointer makes it; `by` is its length in frames."""
    clip, start = timeline.clip(grab.clip), timeline.start(grab.clip)
    by = round(frame) - start if grab.end == FADE_IN else start + clip.length - round(frame)
    sound = set_fade(timeline, grab.clip, grab.end, by).clip(grab.clip).sound
    assert sound is not None
    length = sound.fade_in if grab.end == FADE_IN else sound.fade_out
    return Drop(length, sounds={grab.clip: sound})


def slipping(timeline: Timeline, grab: Grab, frame: float, media: Media) -> Drop:
    """What a clip shows moved under its ends: drawn to the right it shows what comes earlier."""
    wanted = -round(frame - grab.frame)
    before, after = more(timeline, timeline.clip(grab.clip), media)
    slipped = min(max(wanted, -before), after)
    length, start = timeline.clip(grab.clip).length, timeline.start(grab.clip)
    ghost = Ghost(timeline.where(grab.clip)[0].id, start, length)
    return Drop(0, ghosts=(ghost,), slipped=slipped)


def moved(timeline: Timeline, grab: Grab, frame: float, track: str, reach: int) -> Drop:
    """The clips of a grab moved to where the pointer is now, `track` being under it."""
    start = timeline.start(grab.clip)
    edges = (start, start + timeline.clip(grab.clip).length)
    by = max(round(frame - grab.frame), -min(timeline.start(id) for id in grab.chosen))
    to = snap(grab.places, [edge + by for edge in edges], reach)
    snapped = None
    if to is not None and start + by + to >= 0:
        by += to
        snapped = next((e + by for e in edges if e + by in grab.places), None)
    own = timeline.where(grab.clip)[0]
    others = {id for one in grab.chosen for id in timeline.linked(one)}
    tracks = {}
    if track != own.id and len(others) == 1 and _takes(timeline, track, own.kind):
        tracks[grab.clip] = track
    ghosts = tuple(
        Ghost(
            tracks.get(id, timeline.where(id)[0].id), timeline.start(id) + by,
            timeline.clip(id).length,
        )
        for id in others
    )  # fmt: skip
    return Drop(by, 0, tracks, ghosts, snapped)


def trimmed(timeline: Timeline, grab: Grab, frame: float, media: Media, reach: int) -> Drop:
    """An end of a clip moved to where the pointer is now; beyond what its take has where that can be
    made."""
    clip, start = timeline.clip(grab.clip), timeline.start(grab.clip)
    edge = start + clip.length if grab.end == TAIL else start
    by = round(frame - grab.frame)
    to = snap(grab.places, [edge + by], reach)
    by += to or 0
    try:
        low, high = room(timeline, grab.clip, grab.end, media)
    except Refusal:
        return Drop(0)
    outwards = by if grab.end == TAIL else -by
    beyond = max(0, outwards - more(timeline, clip, media)[grab.end == TAIL])
    if beyond <= 2 * reach or not can_extend(timeline, grab.clip, media):
        beyond = 0  # an end is held where its take ends, so that nobody goes past it unawares
    if beyond:
        first = start if grab.end == TAIL else start - outwards
        track = timeline.where(grab.clip)[0].id
        ghost = Ghost(track, first, clip.length + outwards, beyond, grab.end)
        return Drop(by, beyond, {}, (ghost,), None)
    by = min(max(by, low), high)
    snapped = edge + by if edge + by in grab.places else None
    first, length = (
        (start, clip.length + by) if grab.end == TAIL else (start + by, clip.length - by)
    )
    ghost = Ghost(timeline.where(grab.clip)[0].id, first, length)
    return Drop(by, 0, {}, (ghost,), snapped)


def can_extend(timeline: Timeline, clip: str, media: Media) -> bool:
    """Whether more of a clip could be made: it shows a take of a shot, with keyframes."""
    footage = timeline.clip(clip).footage
    medium = media.get(footage.take) if footage and footage.take else None
    return bool(footage and footage.shot and medium and medium.every)


def _takes(timeline: Timeline, track: str, kind: str) -> bool:
    there = next((t for t in timeline.tracks if t.id == track), None)
    return there is not None and there.kind == kind and not there.locked
