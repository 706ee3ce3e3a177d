"""Marks, markers and tracks, and the places that a dragged edge snaps to."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from studio.spec.refusal import Refusal
from studio.spec.timeline.clip import KINDS
from studio.spec.timeline.cutting import unlocked
from studio.spec.timeline.media import Asset
from studio.spec.timeline.timeline import Marker, Timeline
from studio.spec.timeline.track import Track


def mark_in(timeline: Timeline, frame: int | None) -> Timeline:
    """With what is marked beginning at a frame, None for the start; an end before that goes."""
    out = timeline.mark_out
    if frame is not None and out is not None and out <= frame:
        out = None
    return replace(timeline, mark_in=_inside(frame), mark_out=out)


def mark_out(timeline: Timeline, frame: int | None) -> Timeline:
    """With what is marked ending before a frame, None for the end; a beginning after that goes."""
    frame = frame if frame is None else max(1, frame)
    begin = timeline.mark_in
    if frame is not None and begin is not None and frame <= begin:
        begin = None
    return replace(timeline, mark_in=begin, mark_out=frame)


def marked(timeline: Timeline) -> tuple[int, int]:
    """The first marked frame and the one after the last, which is as far as anything plays."""
    begin = timeline.mark_in or 0
    end = timeline.length if timeline.mark_out is None else timeline.mark_out
    return begin, max(begin, end)


def add_marker(timeline: Timeline, marker: Marker) -> Timeline:
    """With a marker more; they are kept in order.  Its id must be new."""
    if any(other.id == marker.id for other in timeline.markers):
        raise ValueError(f"there is a marker {marker.id} already")
    markers = sorted((*timeline.markers, marker), key=lambda one: one.frame)
    return replace(timeline, markers=tuple(markers))


def remove_marker(timeline: Timeline, id: str) -> Timeline:
    """Without a marker; KeyError where there is none."""
    left = tuple(marker for marker in timeline.markers if marker.id != id)
    if len(left) == len(timeline.markers):
        raise KeyError(id)
    return replace(timeline, markers=left)


def add_track(timeline: Timeline, track: Track, number: int | None = None) -> Timeline:
    """With a track more, above all others or before track `number`.  Its id must be new."""
    if track.kind not in KINDS or any(other.id == track.id for other in timeline.tracks):
        raise ValueError(f"there is a track {track.id} already, or none of kind {track.kind}")
    at = len(timeline.tracks) if number is None else number
    return replace(timeline, tracks=(*timeline.tracks[:at], track, *timeline.tracks[at:]))


def remove_track(timeline: Timeline, id: str) -> Timeline:
    """Without a track and all its clips."""
    gone = unlocked(timeline.track(id))
    return replace(timeline, tracks=tuple(track for track in timeline.tracks if track is not gone))


def set_track(
    timeline: Timeline,
    id: str,
    *,
    name: str | None = None,
    on: bool | None = None,
    locked: bool | None = None,
    synced: bool | None = None,
) -> Timeline:
    """With a track renamed, switched, locked or in sync."""
    track = timeline.track(id)
    fields = {"name": name, "on": on, "locked": locked, "synced": synced}
    return timeline.with_track(
        replace(track, **{field: value for field, value in fields.items() if value is not None})  # type: ignore[arg-type]
    )


def add_asset(timeline: Timeline, asset: Asset) -> Timeline:
    """With a file more that clips can show.  Its id must be new."""
    if any(other.id == asset.id for other in timeline.assets):
        raise ValueError(f"there is an asset {asset.id} already")
    return replace(timeline, assets=(*timeline.assets, asset))


def remove_asset(timeline: Timeline, id: str) -> Timeline:
    """Without an asset; refused while a clip shows it."""
    gone = timeline.asset(id)
    clips = [clip for track in timeline.tracks for clip in track.clips]
    if any(clip.footage and clip.footage.asset == id for clip in clips):
        raise Refusal("This file is on the timeline.", "Delete its clips first.")
    return replace(timeline, assets=tuple(one for one in timeline.assets if one is not gone))


def snaps(
    timeline: Timeline, but: Collection[str] = (), playhead: int | None = None
) -> tuple[int, ...]:
    """Where a dragged edge snaps to, in order: ends of clips, all but those of `but`, markers, marks,
    the start and the playhead."""
    places = {0, *(frame for frame in _marks(timeline, playhead) if frame is not None)}
    for track in timeline.tracks:
        for start, clip in track.placed():
            if clip.id not in but:
                places.update((start, start + clip.length))
    return tuple(sorted(places))


def _marks(timeline: Timeline, playhead: int | None) -> Iterable[int | None]:
    yield from (timeline.mark_in, timeline.mark_out, playhead)
    for marker in timeline.markers:
        yield marker.frame
        yield marker.frame + marker.length


def snap(places: Sequence[int], edges: Iterable[int], reach: int) -> int | None:
    """By how many frames to move `edges` so that one of them lies on one of the ordered `places`:
    the least within `reach`, None where there is none."""
    near = []
    for edge in edges:
        at = bisect_left(places, edge)
        near += [place - edge for place in places[max(0, at - 1) : at + 1]]
    best = min(near, key=lambda by: (abs(by), by), default=None)
    return best if best is not None and abs(best) <= reach else None


def _inside(frame: int | None) -> int | None:
    return frame if frame is None else max(0, frame)
