"""Clips put in, moved and taken out.  Each edit takes a timeline and returns another one.

A *ripple* moves what begins later, on the clip's own track and on all that are in sync with it; it
cuts nothing on another track, and is refused where that would be needed.  Linked clips go together.
Nothing here touches what a clip shows, so that nothing gets another key.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from studio.spec.refusal import Refusal
from studio.spec.timeline.clip import Clip
from studio.spec.timeline.cutting import (
    NewId,
    check_end,
    check_free,
    check_new,
    moving,
    put,
    replaced,
    rippled,
    title,
    unlocked,
    without,
)
from studio.spec.timeline.splitting import split_across
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import laid


def insert(timeline: Timeline, track: str, clip: Clip, start: int, new: NewId) -> Timeline:
    """With a clip at `start`; what plays there is split, and what follows moves later."""
    check_new(timeline, timeline.track(track), clip, start)
    timeline = split_across(timeline, track, start, new)
    timeline = rippled(timeline, moving(timeline, track), start, clip.length)
    return put(timeline, timeline.track(track), start, clip, new)


def overwrite(timeline: Timeline, track: str, clip: Clip, start: int, new: NewId) -> Timeline:
    """With a clip at `start` over whatever plays there; nothing else moves."""
    check_new(timeline, timeline.track(track), clip, start)
    return put(timeline, timeline.track(track), start, clip, new)


def append(timeline: Timeline, track: str, clip: Clip) -> Timeline:
    """With a clip after the last of a track."""
    there = timeline.track(track)
    check_new(timeline, there, clip, there.length)
    last = replace(clip, gap=0)
    return check_end(timeline.with_track(replace(there, clips=(*there.clips, last))))


def move(timeline: Timeline, id: str, start: int, new: NewId, track: str = "") -> Timeline:
    """With a clip at `start`, if wished on another track, over whatever plays there.

    What is linked moves by as much, as far as the start of the timeline.
    """
    by = start - timeline.start(id)
    return move_several(timeline, (id,), by, new, {id: track} if track else {})


def move_several(
    timeline: Timeline,
    ids: Collection[str],
    by: int,
    new: NewId,
    tracks: Mapping[str, str] = MappingProxyType({}),
) -> Timeline:
    """With some clips, and what is linked with them, `by` frames later, or earlier where negative.

    `tracks` says of each clip that changes it to which track it goes.
    """
    group = sorted(_with_linked(timeline, ids), key=timeline.start)
    by = max(by, -timeline.start(group[0]))
    going = []
    for id in group:
        there, number = timeline.where(id)
        going.append((tracks.get(id, there.id), there.starts[number] + by, there.clips[number]))
    timeline = without(timeline, group)
    for track, start, clip in going:
        check_new(timeline, timeline.track(track), clip, start)
        timeline = put(timeline, timeline.track(track), start, clip, new)
    for _, _, clip in going:
        if clip.id not in timeline or timeline.clip(clip.id).length != clip.length:
            hint = "Move them to different tracks."
            raise Refusal("These clips would lie over one another.", hint)
    return timeline


def reorder(timeline: Timeline, id: str, start: int, new: NewId) -> Timeline:
    """With a clip taken out, what follows moved up, and put in again at `start` of the timeline as
    it was: what plays there is split, and what follows moves later."""
    group = timeline.linked(id)
    first, clip = timeline.start(id), timeline.clip(id)
    end = first + clip.length
    start = start - clip.length if start >= end else min(start, first)
    kept = [(*timeline.where(one), timeline.start(one) - first) for one in group]
    tracks = dict.fromkeys(track.id for track, _, _ in kept)
    timeline = ripple_delete(timeline, id)
    for track in tracks:
        timeline = split_across(timeline, track, start, new)
    timeline = rippled(timeline, moving(timeline, *tracks), start, clip.length)
    for track, number, ahead in kept:
        there, one = timeline.track(track.id), track.clips[number]
        place = max(0, start + ahead)
        check_free(there, place, place + one.length)
        timeline = put(timeline, there, place, one, new)
    return timeline


def delete(timeline: Timeline, ids: Collection[str]) -> Timeline:
    """Without some clips and what is linked with them; gaps are where they were."""
    return without(timeline, _with_linked(timeline, ids))


def ripple_delete(timeline: Timeline, id: str) -> Timeline:
    """Without a clip and what is linked with it, and what follows moved up to where it began."""
    start, length = timeline.start(id), timeline.clip(id).length
    group = timeline.linked(id)
    own = [timeline.where(one)[0].id for one in group]
    emptied = without(timeline, group)
    return rippled(emptied, moving(emptied, *own), start + length, -length)


def close_gap(timeline: Timeline, track: str, frame: int) -> Timeline:
    """With what follows the gap at `frame` moved up to where it begins; itself where none is."""
    there = timeline.track(track)
    number = there.before(frame)
    start = there.end(number)
    if frame < start or number + 1 == len(there.clips):
        return timeline
    end = there.starts[number + 1]
    return rippled(timeline, moving(timeline, track), end, start - end)


def link(timeline: Timeline, ids: Iterable[str], link: str) -> Timeline:
    """With some clips bound to go together, under a link of their own (a new id)."""
    return _marked(timeline, set(ids), link)


def unlink(timeline: Timeline, ids: Collection[str]) -> Timeline:
    """With some clips, and what was linked with them, each for itself."""
    return _marked(timeline, _with_linked(timeline, ids), "")


def alter(timeline: Timeline, clip: Clip) -> Timeline:
    """With other words, sound, name or footage on the clip with that id; where it lies, stays."""
    track, number = timeline.where(clip.id)
    old = track.clips[number]
    if (clip.length, clip.kind) != (old.length, old.kind):
        raise ValueError(f"{title(old)} is {old.length} frames of {old.kind}")
    return replaced(timeline, replace(clip, gap=old.gap))


def rename(timeline: Timeline, id: str, name: str) -> Timeline:
    """With another name on a clip."""
    return alter(timeline, replace(timeline.clip(id), name=name))


def _marked(timeline: Timeline, ids: set[str], link: str) -> Timeline:
    for track in timeline.tracks:
        if any(clip.id in ids for clip in track.clips):
            placed = [
                (start, replace(clip, link=link) if clip.id in ids else clip)
                for start, clip in unlocked(track).placed()
            ]
            timeline = timeline.with_track(laid(track, placed))
    return timeline


def _with_linked(timeline: Timeline, ids: Collection[str]) -> set[str]:
    return {linked for id in ids for linked in timeline.linked(id)}
