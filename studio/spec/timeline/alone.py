"""Parts of a timeline as timelines of their own: what is exported when it is not all of it."""

from dataclasses import replace

from studio.spec.timeline.timeline import Timeline


def alone(timeline: Timeline, clip: str) -> Timeline:
    """One clip, with those that are linked to it, where it plays; all tracks are on and else empty."""
    kept = timeline.linked(clip)
    tracks = []
    for track in timeline.tracks:
        clips, gap = [], 0
        for number, one in enumerate(track.clips):
            if one.id in kept:
                clips.append(replace(one, gap=track.starts[number] - gap))
                gap = track.end(number)
        tracks.append(replace(track, clips=tuple(clips), on=True))
    return replace(timeline, tracks=tuple(tracks), mark_in=None, mark_out=None)


def extent(timeline: Timeline, clip: str) -> tuple[int, int]:
    """The frame at which a clip begins, and the one after its last."""
    start = timeline.start(clip)
    return start, start + timeline.clip(clip).length
