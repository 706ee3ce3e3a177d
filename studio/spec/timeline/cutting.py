"""What edits are made of: ranges cleared, room opened and closed, and who may be touched."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

from studio.spec.refusal import Refusal, shown
from studio.spec.timeline.clip import LONGEST, Clip, part_of
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import Placed, Track, laid

NewId = Callable[[], str]
"""Gives ids that nothing has: a clip that is cut in two needs one."""


def title(noun: Track | Clip) -> str:
    """What a track or clip is called in a sentence."""
    return (
        f"“{shown(noun.name)}”"
        if noun.name
        else f"this {'clip' if isinstance(noun, Clip) else 'track'}"
    )


def unlocked(track: Track) -> Track:
    """The track itself; refused where it is locked."""
    if track.locked:
        raise Refusal(f"The track {title(track)} is locked.", "Unlock it first.")
    return track


def moving(timeline: Timeline, *ids: str) -> list[Track]:
    """The tracks with these ids, and those that move along where one of them ripples."""
    for id in ids:
        unlocked(timeline.track(id))
    return [t for t in timeline.tracks if t.id in ids or (t.synced and not t.locked)]


def cleared(track: Track, first: int, end: int, rate: Fraction, new: NewId) -> list[Placed]:
    """The clips with nothing from `first` to before `end`; one that spans it all becomes two.

    The piece that is left of a clip keeps its id; of two it is the earlier one.
    """
    kept: list[Placed] = []
    touched = track.within(first, end)
    for number, (start, clip) in enumerate(track.placed()):
        if number not in touched:
            kept.append((start, clip))
            continue
        if start < first:
            kept.append((start, part_of(clip, 0, first - start, rate)))
        if start + clip.length > end:
            left = part_of(clip, end - start, clip.length, rate)
            kept.append((end, replace(left, id=new()) if start < first else left))
    return kept


def shifted(track: Track, frame: int, by: int) -> Track:
    """With what begins at `frame` or later moved by so many frames; ValueError where it has no room."""
    number = track.from_frame(frame)
    if not by or number == len(track.clips):
        return track
    clip = track.clips[number]
    if clip.gap + by < 0:
        raise ValueError(f"{clip.id} has no room")
    clip = replace(clip, gap=clip.gap + by)
    return replace(track, clips=(*track.clips[:number], clip, *track.clips[number + 1 :]))


def rippled(timeline: Timeline, tracks: Iterable[Track], frame: int, by: int) -> Timeline:
    """With what begins at `frame` or later moved on all these tracks; refused where one has no room,
    for an edit of one track cuts nothing on another."""
    for track in tracks:
        now = timeline.track(track.id)
        try:
            timeline = timeline.with_track(shifted(now, frame, by))
        except ValueError:
            raise in_the_way(now) from None
    return check_end(timeline)


def in_the_way(track: Track) -> Refusal:
    """Why a ripple does not go."""
    hint = "Move it, or take that track out of sync."
    return Refusal(f"On the track {title(track)} something is in the way.", hint)


def check_free(track: Track, first: int, end: int) -> None:
    """Refuse where something plays from `first` to before `end`."""
    if track.within(first, end):
        raise in_the_way(track)


def check_end(timeline: Timeline) -> Timeline:
    """The timeline itself; refused where it has become too long."""
    if timeline.length > LONGEST:
        raise Refusal("The timeline would become too long.", "Move less far.")
    return timeline


def without(timeline: Timeline, ids: Iterable[str]) -> Timeline:
    """Without these clips; gaps are where they were."""
    gone = set(ids)
    for track in timeline.tracks:
        if any(clip.id in gone for clip in track.clips):
            kept = [(s, c) for s, c in unlocked(track).placed() if c.id not in gone]
            timeline = timeline.with_track(laid(track, kept))
    return timeline


def replaced(timeline: Timeline, clip: Clip) -> Timeline:
    """With a clip in the place of the one with its id; what follows moves if it is longer."""
    track, number = timeline.where(clip.id)
    clips = (*unlocked(track).clips[:number], clip, *track.clips[number + 1 :])
    return timeline.with_track(replace(track, clips=clips))


def put(timeline: Timeline, track: Track, start: int, clip: Clip, new: NewId) -> Timeline:
    """With a clip at a place, over whatever is there."""
    kept = cleared(track, start, start + clip.length, timeline.rate, new)
    return check_end(timeline.with_track(laid(track, [*kept, (start, clip)])))


def check_new(timeline: Timeline, track: Track, clip: Clip, start: int) -> None:
    """Refuse a clip where it does not belong; ValueError for one that is there already."""
    unlocked(track)
    if clip.kind != track.kind:
        raise Refusal(
            f"The track {title(track)} is a {track.kind} track.", f"Choose a {clip.kind} track."
        )
    if clip.id in timeline:
        raise ValueError(f"there is a clip {clip.id} already")
    if start < 0:
        raise Refusal("Nothing plays before the start.", "Choose a later place.")
