"""Ends of clips dragged: trimmed, extended past what there is; and clips slipped under their ends.

An end goes as far as its medium and its neighbours let it; nothing is ever shown that is not there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from studio.spec.bounds import ID, between, misfits
from studio.spec.refusal import Refusal
from studio.spec.timeline.clip import LONGEST, Clip, part_of
from studio.spec.timeline.cutting import check_end, moving, replaced, rippled, unlocked
from studio.spec.timeline.media import Media
from studio.spec.timeline.timeline import Timeline, medium_of

HEAD, TAIL = "head", "tail"


def trim(
    timeline: Timeline, id: str, end: str, by: int, media: Media, *, ripple: bool = False
) -> Timeline:
    """With an end of a clip `by` frames later, or earlier where negative.

    `end` is `HEAD` or `TAIL`.  Linked clips that end there go along.  With `ripple` what follows
    moves, and a clip stays where it begins; else the clip takes of the gap beside it, or leaves one.
    """
    at = _edge(timeline, id, end)
    group = [one for one in timeline.linked(id) if _edge(timeline, one, end) == at]
    rooms = [room(timeline, one, end, media, ripple=ripple) for one in group]
    by = min(max(by, -LONGEST, *(low for low, _ in rooms)), LONGEST, *(high for _, high in rooms))
    if not by:
        return timeline
    last = timeline.start(id) + timeline.clip(id).length
    for one in group:
        timeline = _trimmed(timeline, one, end, by, ripple=ripple)
    if ripple:
        own = {timeline.where(one)[0].id for one in group}
        others = [track for track in moving(timeline, *own) if track.id not in own]
        timeline = rippled(timeline, others, last, by if end == TAIL else -by)
    return check_end(timeline)


def room(
    timeline: Timeline, id: str, end: str, media: Media, *, ripple: bool = False
) -> tuple[int, int]:
    """How far an end of a clip goes earlier (0 or less) and later (0 or more), in frames."""
    track, number = timeline.where(id)
    clip = unlocked(track).clips[number]
    inside = clip.length - 1
    before, after = more(timeline, clip, media)
    if end == HEAD:
        return -(before if ripple else min(before, clip.gap)), inside
    if not ripple and number + 1 < len(track.clips):
        after = min(after, track.clips[number + 1].gap)
    return -inside, after


def more(timeline: Timeline, clip: Clip, media: Media) -> tuple[int, int]:
    """How many frames more there are of a clip's medium before its first and after its last."""
    footage = clip.footage
    if footage is None:
        return LONGEST, LONGEST
    step = footage.step(timeline.rate)
    before = (footage.begin / step).__floor__()
    medium = medium_of(timeline, footage.medium, media)
    if medium is None:
        return before, LONGEST
    # the last n with floor(begin + n step + 1/2) < frames
    fits = ceil((medium.frames - Fraction(1, 2) - footage.begin) / step)
    return before, max(0, fits - clip.length)


def fitted(timeline: Timeline, clip: Clip, length: int, media: Media) -> Clip:
    """A clip of this length, or of as much as there is of its medium; fades and held edges fit."""
    one = replace(clip, length=1, sound=None, held_head=False, held_tail=False)
    length = max(1, min(length, 1 + more(timeline, one, media)[1]))
    return replace(one, length=length, sound=clip.sound and clip.sound.within(length))


def whole(timeline: Timeline, clip: Clip, media: Media) -> Clip:
    """A clip as long as there is of its medium from its place on; as it is where nobody knows."""
    known = clip.footage and medium_of(timeline, clip.footage.medium, media)
    return fitted(timeline, clip, LONGEST, media) if known else clip


@dataclass(frozen=True, slots=True)
class Extension:
    """What is yet to be made for a clip that was dragged past what there is of its take: `keyframes`
    more of its shot at that `end`, for `frames` more of the clip.  None of either: it is all there."""

    clip: str
    end: str
    frames: int
    keyframes: int

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no drag gives."""
        some = between(0, LONGEST)
        ends = (HEAD, TAIL).__contains__
        yield from misfits(self, clip=ID, end=ends, frames=some, keyframes=some)


def extend(
    timeline: Timeline, id: str, end: str, by: int, media: Media, *, ripple: bool = True
) -> tuple[Timeline, Extension]:
    """With an end of a clip moved outwards by `by` frames as far as that goes now, and what is to be
    made for the rest.

    Refused for what is no take of a shot: nothing makes more of an imported file.
    """
    before = timeline.clip(id)
    outwards = by if end == TAIL else -by
    trimmed = trim(timeline, id, end, outwards, media, ripple=ripple)
    left = by - (trimmed.clip(id).length - before.length)
    footage = before.footage
    if left <= 0 or footage is None:
        return trimmed, Extension(id, end, 0, 0)
    medium = medium_of(timeline, footage.medium, media)
    if not footage.shot or medium is None or not medium.every:
        raise Refusal("There is no more of this file.", "Put a shot after it, or bridge to one.")
    there = more(trimmed, trimmed.clip(id), media)[end == TAIL]
    needed = (left - min(left, there)) * footage.step(timeline.rate)
    return trimmed, Extension(id, end, left, ceil(needed / medium.every))


def landed(timeline: Timeline, extension: Extension, take: str, media: Media) -> Timeline:
    """With the take that an extension asked for, once it is made, and the clip as long as wished."""
    clip = timeline.clip(extension.clip)
    if clip.footage is None:
        return timeline
    new = media[take]
    ahead = extension.keyframes * new.every if extension.end == HEAD else 0
    footage = clip.footage.of_take(take, clip.footage.shot, new.rate)
    footage = replace(footage, begin=footage.begin + ahead)
    timeline = replaced(timeline, replace(clip, footage=footage))
    by = extension.frames if extension.end == TAIL else -extension.frames
    return trim(timeline, clip.id, extension.end, by, media, ripple=True)


def slip(timeline: Timeline, id: str, by: int, media: Media) -> Timeline:
    """With what a clip shows, and what is linked with it, `by` frames later in its medium, as far as
    that goes for all of them; each stays in its place and as long as it is."""
    group = [one for one in timeline.linked(id) if timeline.clip(one).footage]
    rooms = [more(timeline, timeline.clip(one), media) for one in group]
    by = (
        min(max(by, *(-before for before, _ in rooms)), *(after for _, after in rooms))
        if rooms
        else 0
    )
    if not by:
        return timeline
    for one in group:
        clip = timeline.clip(one)
        footage = clip.footage and clip.footage.later(by, timeline.rate)
        slipped = replace(clip, footage=footage, held_head=False, held_tail=False)
        timeline = replaced(timeline, slipped)
    return timeline


def _trimmed(timeline: Timeline, id: str, end: str, by: int, *, ripple: bool) -> Timeline:
    """One clip trimmed.  What follows on its track moves by itself unless a gap makes up for it."""
    track, number = timeline.where(id)
    clip = track.clips[number]
    first, last = (by, clip.length) if end == HEAD else (0, clip.length + by)
    cut = replace(part_of(clip, first, last, timeline.rate), gap=clip.gap)
    clips = list(track.clips)
    clips[number] = cut
    if not ripple and end == HEAD:
        clips[number] = replace(cut, gap=clip.gap + by)
    elif not ripple and number + 1 < len(clips):
        clips[number + 1] = replace(clips[number + 1], gap=clips[number + 1].gap - by)
    return timeline.with_track(replace(track, clips=tuple(clips)))


def _edge(timeline: Timeline, id: str, end: str) -> int:
    return timeline.start(id) + (timeline.clip(id).length if end == TAIL else 0)
