"""Gaps between clips, and the exact frames on both sides of one."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from studio.spec.timeline.playing import Shown, shown_by
from studio.spec.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing from `start` on for `length` frames, None where no clip follows; `before` is the last
    frame that plays before it, `after` the first after it."""

    track: str
    start: int
    length: int | None
    before: Shown | None
    after: Shown | None


def gap_at(timeline: Timeline, track: str, frame: int) -> Gap | None:
    """The gap of a track at a frame; None where a clip plays."""
    there = timeline.track(track)
    number = there.before(frame)
    return gap_after(timeline, track, number) if frame >= there.end(number) else None


def gap_after(timeline: Timeline, track: str, number: int) -> Gap | None:
    """The gap after clip `number` of a track, -1 for the one at the start; None where none is."""
    there = timeline.track(track)
    start, follows = there.end(number), number + 1 < len(there.clips)
    length = there.clips[number + 1].gap if follows else None
    if length == 0:
        return None
    before = last_of(timeline, there.clips[number].id) if number >= 0 else None
    after = shown_by(timeline, there.clips[number + 1], 0) if follows else None
    return Gap(track, start, length, before, after)


def range_of(timeline: Timeline, track: str, start: int, length: int) -> Gap | None:
    """A part of a gap as one; only where clips end and begin are there frames beside it.  None where
    something plays in it."""
    there = timeline.track(track)
    if length < 1 or there.within(start, start + length):
        return None
    ahead, behind = there.at(start - 1), there.at(start + length)
    before = last_of(timeline, there.clips[ahead].id) if ahead is not None else None
    after = shown_by(timeline, there.clips[behind], 0) if behind is not None else None
    return Gap(track, start, length, before, after)


def gaps(timeline: Timeline, track: str) -> Iterator[Gap]:
    """All gaps of a track between clips, and the one before the first."""
    for number in range(-1, len(timeline.track(track).clips) - 1):
        if gap := gap_after(timeline, track, number):
            yield gap


def gaps_between(timeline: Timeline, clips: Collection[str] = ()) -> Iterator[Gap]:
    """The gaps of all tracks of pictures that lie between two clips; where two `clips` or more are
    named, only those between the first and the last of them."""
    starts = [timeline.start(clip) for clip in clips if clip in timeline]
    low, high = (min(starts), max(starts)) if len(starts) > 1 else (0, timeline.length)
    named = {timeline.where(clip)[0].id for clip in clips if clip in timeline}
    for track in timeline.tracks:
        if track.kind != "video" or track.locked or (len(starts) > 1 and track.id not in named):
            continue
        yield from (g for g in gaps(timeline, track.id) if g.before and low <= g.start < high)


def last_of(timeline: Timeline, id: str) -> Shown:
    """The last frame that a clip plays."""
    clip = timeline.clip(id)
    return shown_by(timeline, clip, clip.length - 1)


def beside(timeline: Timeline, id: str) -> tuple[Shown | None, Shown | None]:
    """The frames that play right before a clip and right after it; None beside a gap."""
    track, number = timeline.where(id)
    before = after = None
    if number > 0 and track.clips[number].gap == 0:
        before = last_of(timeline, track.clips[number - 1].id)
    if number + 1 < len(track.clips) and track.clips[number + 1].gap == 0:
        after = shown_by(timeline, track.clips[number + 1], 0)
    return before, after
