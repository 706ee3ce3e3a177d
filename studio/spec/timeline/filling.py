"""A gap filled from the exact frames on both its sides, and a range of a take made anew: one act.

Both are a strip with its ends held: sources that are made already on the outside, holes between
(`studio.spec.strip`).  What lies outside is not part of the request at all, so that it keeps its
takes and keys.  A retake is the fill of the gap that it would leave.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from types import MappingProxyType

from studio.spec import strip as strips
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.strip import CONTEXT, Keyframe, Strip
from studio.spec.timeline.clip import FASTEST_SPEED, SLOWEST_SPEED, Clip, Footage
from studio.spec.timeline.cutting import NewId, cleared, put, unlocked
from studio.spec.timeline.gaps import Gap, range_of
from studio.spec.timeline.holding import Held, Pictures, Place, Requests, held
from studio.spec.timeline.media import Media
from studio.spec.timeline.playing import Shown
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import laid

Holds = Sequence[Held]


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills a gap: the request for it, and how its clip plays.

    Frame 0 of what the request makes is the last one before the gap, where there is one, and its
    last the first after it; the clip plays those between, from `begin` on at a `speed`.
    """

    request: ClipRequest
    begin: Fraction
    speed: Fraction
    held_head: bool
    held_tail: bool


def edges(
    gap: Gap, request: ClipRequest, media: Media
) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """The frames to hold on both sides, in the order in which they play: the nearest, and those a
    keyframe's time apart that tell where things are going."""
    before = _context(gap.before, request, media, -1) if gap.before else ()
    after = _context(gap.after, request, media, 1) if gap.after else ()
    return tuple(reversed(before)), after


def _context(shown: Shown, request: ClipRequest, media: Media, way: int) -> tuple[Place, ...]:
    footage = shown.clip.footage
    if footage is None or not footage.medium:
        return ()
    medium = media.get(footage.medium)
    there = range(medium.frames) if medium else range(shown.frame, shown.frame + 1)
    apart = max(1, round(footage.rate * footage.speed / request.fps))
    frames = [shown.frame + way * apart * k for k in range(CONTEXT)]
    return tuple((footage.medium, frame) for frame in frames if frame in there)


def fill(
    gap: Gap,
    rate: Fraction,
    request: ClipRequest,
    media: Media,
    takes: Requests,
    pictures: Pictures = MappingProxyType({}),
) -> Filling:
    """The filling of a gap, with the words, seed, subject and numbers of `request`.

    Keyframes are a keyframe's time apart, as near as that goes in the time of the gap, and the clip
    plays them exactly into it.  `rate` is the timeline's.  Refused where nothing plays beside the
    gap, and where a frame beside it cannot be held.
    """
    places = edges(gap, request, media)
    for shown, side in zip((gap.before, gap.after), places, strict=True):
        if shown and not side:
            raise Refusal("A clip beside this gap has no frames.", "Render it first.")
    ahead, behind = ([held(p, request, takes, pictures) for p in side] for side in places)
    if gap.length is None or not (ahead or behind):
        raise Refusal("Nothing plays beside this gap.", "Put a clip there first.")
    request = replace(request, only=None, loop=False, extend=0)
    if ahead and behind:
        return _between(gap.length, rate, request, ahead, behind)
    return _beside(gap.length, rate, request, ahead, behind)


def _between(
    length: int, rate: Fraction, request: ClipRequest, ahead: Holds, behind: Holds
) -> Filling:
    """Held on both sides: `length` + 1 steps from the frame before to the one after."""
    intervals = max(1, round((length + 1) / rate * request.fps))
    strip = between_held(ahead, behind, intervals - 1, _window(request, intervals > 1))
    step = Fraction(intervals * request.frames_per_keyframe, length + 1)
    speed = step * rate / request.rate
    if not SLOWEST_SPEED <= speed <= FASTEST_SPEED:
        raise Refusal("This gap is too short to be filled.", "Make it a few frames longer.")
    return Filling(replace(request, strip=strip), step, speed, True, True)


def _beside(
    length: int, rate: Fraction, request: ClipRequest, ahead: Holds, behind: Holds
) -> Filling:
    """Held on one side: as many keyframes as the time takes, and what is too much is left over."""
    count = ceil(length * request.fps / rate)
    strip = from_held(ahead, behind, count, _window(request, True))
    request, step = replace(request, strip=strip), request.rate / rate
    begin = step if ahead else request.whole_frames - 1 - length * step
    return Filling(request, begin, Fraction(1), bool(ahead), bool(behind))


def _window(request: ClipRequest, needed: bool) -> int:
    """Keyframes that are filled at once; refused where that is too few to fill around others."""
    if needed and request.window < 3:
        raise Refusal("This model goes on from no frames.", "Choose another for the filling.")
    return request.window


def from_held(ahead: Holds, behind: Holds, count: int, window: int) -> Strip:
    """`count` keyframes that go on from the last of `ahead`, or lead to the first of `behind`."""
    strip = strips.extended(_strip(ahead or behind), count, window, before=not ahead)
    return _inner(strip, len(ahead) - 1, len(behind) - 1)


def between_held(ahead: Holds, behind: Holds, count: int, window: int) -> Strip:
    """`count` keyframes between the last of `ahead` and the first of `behind`, with both.

    More than a window holds are made in pieces: on from one side and back from the other, until the
    rest can be bridged.
    """
    most = max(1, window - len(ahead) - len(behind))
    pieces = 0 if count <= window - 2 else count - most
    one = strips.extended(_strip(ahead), pieces - pieces // 2, window)
    other = strips.extended(_strip(behind), pieces // 2, window, before=True)
    left = count - pieces
    strip = _joined(one, other, left)
    if left:
        strip = strips.bridged(strip, len(one.keys) - 1, left, window)
    return _inner(strip, len(ahead) - 1, len(behind) - 1)


def _inner(strip: Strip, before: int, after: int) -> Strip:
    """Without the frames at its ends that were there to be looked at only."""
    for _ in range(before):
        strip = strips.deleted(strip, 0)
    for _ in range(after):
        strip = strips.deleted(strip, len(strip.keys) - 1)
    return strip


def _strip(frames: Holds) -> Strip:
    """Frames that are there already, one after the other."""
    strip = Strip((), ())
    for number, frame in enumerate(frames):
        strip = strips.inserted(strip, number, frame.source, frame.frame)
    return strip


def _joined(one: Strip, other: Strip, apart: int) -> Strip:
    """One strip after the other, made `apart` places further on."""
    by = one.position(one.keys[-1]) + 1 + apart - other.position(other.keys[0])

    def later(key: Keyframe | None) -> Keyframe | None:
        return key and replace(key, source=key.source + len(one.sources))

    sources = tuple(
        replace(source, first=source.first + by, given=tuple(map(later, source.given)))
        for source in other.sources
    )
    keys = tuple(replace(key, source=key.source + len(one.sources)) for key in other.keys)
    return Strip((*one.sources, *sources), (*one.keys, *keys))


def fitting(length: int, rate: Fraction, request: ClipRequest) -> int:
    """The length next to `length`, in frames of the timeline, that is filled without dropping or
    repeating a frame; itself where the rates do not go together."""
    each = rate / request.fps
    if each.denominator != 1:
        return length
    return max(2 if each == 1 else 1, round((length + 1) / each)) * int(each) - 1


def put_in(timeline: Timeline, gap: Gap, filling: Filling, id: str, shot: str) -> Timeline:
    """With a clip in a gap for what fills it, of a shot that is yet to be made.

    Refused where the gap is no longer what it was.
    """
    if gap.length is None or range_of(timeline, gap.track, gap.start, gap.length) != gap:
        raise Refusal("This gap is no longer what it was.", "Choose it again.")
    footage = Footage(filling.request.rate, filling.begin, filling.speed, shot)
    clip = Clip(
        id, gap.length, footage=footage, held_head=filling.held_head, held_tail=filling.held_tail
    )
    return put(timeline, unlocked(timeline.track(gap.track)), gap.start, clip, lambda: id)


def opened(timeline: Timeline, id: str, first: int, end: int, new: NewId) -> tuple[Timeline, Gap]:
    """With nothing from `first` to before `end` of the timeline where a clip plays, and the gap that
    this leaves: what a retake of that range fills.

    What is left of the clip shows what it showed.  Refused where the range is not within it.
    """
    track, number = timeline.where(id)
    start, clip = track.starts[number], track.clips[number]
    if not start <= first < end <= start + clip.length:
        raise Refusal("That range is not within the clip.", "Mark a part of one clip.")
    left = cleared(unlocked(track), first, end, timeline.rate, new)
    timeline = timeline.with_track(laid(track, left))
    gap = range_of(timeline, track.id, first, end - first)
    assert gap is not None
    return timeline, gap
