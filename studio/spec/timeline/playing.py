"""What a timeline plays at a frame, found by bisection on each track."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from studio.spec.timeline.clip import Clip
from studio.spec.timeline.media import Media
from studio.spec.timeline.timeline import Timeline, medium_of
from studio.spec.timeline.track import Track


@dataclass(frozen=True, slots=True)
class Shown:
    """A clip, the number of its frame that plays, and which frame of its medium that is."""

    clip: Clip
    number: int
    frame: int


@dataclass(frozen=True, slots=True)
class Playing:
    """What plays at once: the topmost picture, None for black, all words and all sounds."""

    picture: Shown | None
    words: tuple[Clip, ...]
    sounds: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """`length` frames from `start` on, of one clip or, where it is None, of black."""

    start: int
    length: int
    shown: Shown | None


class Diamond(NamedTuple):
    """Keyframe `number` of what a clip shows, and the frame of the timeline at which it plays."""

    frame: int
    clip: str
    number: int


def playing(timeline: Timeline, frame: int) -> Playing:
    """What plays at a frame of the timeline."""
    found = {kind: _at(timeline, kind, frame) for kind in ("video", "prompt", "audio")}
    pictures = [shown_by(timeline, *one) for one in found["video"]]
    words = tuple(clip for clip, _ in found["prompt"])
    sounds = tuple(shown_by(timeline, *one) for one in found["audio"])
    return Playing(pictures[-1] if pictures else None, words, sounds)


def shown_by(timeline: Timeline, clip: Clip, number: int) -> Shown:
    """Frame `number` of a clip, and of its medium."""
    frame = clip.footage.frame(number, timeline.rate) if clip.footage else number
    return Shown(clip, number, frame)


def _at(timeline: Timeline, kind: str, frame: int) -> list[tuple[Clip, int]]:
    """The clips of tracks of a kind at a frame, from the bottom up, and how far each has come."""
    found = []
    for track in timeline.tracks:
        if track.kind == kind and track.on and (number := track.at(frame)) is not None:
            found.append((track.clips[number], frame - track.starts[number]))
    return found


def runs(timeline: Timeline, first: int = 0, end: int | None = None) -> Iterator[Run]:
    """The pictures from `first` to before `end` in the order in which they play, a clip at a time."""
    end = timeline.length if end is None else end
    tracks = [track for track in timeline.tracks if track.kind == "video" and track.on]
    while first < end:
        until, picture = end, None
        for track in reversed(tracks):
            number = track.before(first)
            if first < track.end(number):
                until = min(until, track.end(number))
                clip, inside = track.clips[number], first - track.starts[number]
                picture = shown_by(timeline, clip, inside)
                break
            if number + 1 < len(track.clips):
                until = min(until, track.starts[number + 1])
        yield Run(first, until - first, picture)
        first = until


def diamonds(
    timeline: Timeline, track: Track, media: Media, first: int, end: int
) -> Iterator[Diamond]:
    """The keyframes that play from `first` to before `end`, of the clips that do."""
    for number in track.within(first, end):
        clip, start = track.clips[number], track.starts[number]
        medium = clip.footage and medium_of(timeline, clip.footage.medium, media)
        if medium and medium.every:
            low, high = max(0, first - start), min(clip.length, end - start)
            yield from _diamonds(timeline, clip, start, medium.every, low, high)


def _diamonds(
    timeline: Timeline, clip: Clip, start: int, every: int, low: int, high: int
) -> list[Diamond]:
    """Of frames `low` to before `high` of a clip; each where it is first shown.

    In whole numbers, with begin = a / d and step = s / d: keyframe k is shown from the first n on
    for which (a + n s) / d + 1/2 >= k every.
    """
    assert clip.footage is not None
    begin, step = clip.footage.begin, clip.footage.step(timeline.rate)
    d = begin.denominator * step.denominator
    a, s = int(begin * d), int(step * d)
    first = max(0, ceil(((2 * (a + low * s) + d) // (2 * d)) / every))
    last = (2 * (a + (high - 1) * s) + d) // (2 * d) // every
    shift, width, id = 2 * a + d, 2 * d * every, clip.id
    found = []
    for key in range(first, last + 1):
        n = max(0, -((shift - key * width) // (2 * s)))
        if low <= n < high:
            found.append(Diamond(start + n, id, key))
    return found
