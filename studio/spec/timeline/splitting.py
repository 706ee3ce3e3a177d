"""A clip cut in two, which together show the very frames that it showed."""

from dataclasses import replace

from studio.spec.timeline.clip import part_of
from studio.spec.timeline.cutting import NewId, unlocked
from studio.spec.timeline.timeline import Timeline


def split(timeline: Timeline, id: str, frame: int, new: NewId) -> Timeline:
    """With a clip, and what is linked with it, cut before `frame` of the timeline.

    Both pieces play as before; the first ones keep their ids, the second ones are linked with one
    another as the first are.  Itself where nothing of it plays on both sides.
    """
    start = timeline.start(id)
    if not start < frame < start + timeline.clip(id).length:
        return timeline
    group = timeline.linked(id)
    link = new() if timeline.clip(id).link else ""
    for one in group:
        timeline = _split_one(timeline, one, frame, new, link)
    return timeline


def split_across(timeline: Timeline, track: str, frame: int, new: NewId) -> Timeline:
    """With the clip of a track that plays across `frame`, and what is linked with it, cut there."""
    there = timeline.track(track)
    number = there.at(frame)
    return timeline if number is None else split(timeline, there.clips[number].id, frame, new)


def _split_one(timeline: Timeline, id: str, frame: int, new: NewId, link: str) -> Timeline:
    track, number = timeline.where(id)
    clip, start = track.clips[number], track.starts[number]
    inside = frame - start
    if inside <= 0:  # all of it belongs to the second pieces
        pieces = (replace(clip, link=link),)
    elif inside >= clip.length:
        return timeline
    else:
        first = replace(part_of(clip, 0, inside, timeline.rate), gap=clip.gap)
        second = part_of(clip, inside, clip.length, timeline.rate)
        pieces = (first, replace(second, id=new(), link=link))
    clips = (*unlocked(track).clips[:number], *pieces, *track.clips[number + 1 :])
    return timeline.with_track(replace(track, clips=clips))
