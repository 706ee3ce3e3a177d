"""What holds for every timeline, checked in one place: after each edit in tests, of each file read.

Overlaps cannot be stored; what can be wrong besides is ids that are there twice, lengths without
end, and clips that show more of a medium than there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from studio.spec.timeline.clip import LONGEST, Clip
from studio.spec.timeline.media import Media, Medium

if TYPE_CHECKING:
    from studio.spec.timeline.timeline import Timeline


def faults(timeline: Timeline, media: Media, since: Timeline | None = None) -> Iterator[str]:
    """What is wrong with a timeline, in sentences; of media that are unknown, nothing can be.

    Clips that it shares with one that was right (`since`) are not looked at again, unless they are
    counted otherwise now.
    """
    yield from _misfits("timeline", timeline.misfits())
    for noun in (*timeline.tracks, *timeline.assets, *timeline.markers):
        yield from _misfits(f"{type(noun).__name__} {noun.id}", noun.unfit())
    right = _shared(timeline, since)
    for track in timeline.tracks:
        for clip in track.clips:
            if id(clip) not in right:
                yield from _faults_alone(clip)
    yield from faults_together(timeline, media, right)


def faults_together(timeline: Timeline, media: Media, right: Collection[int] = ()) -> Iterator[str]:
    """What does not go together in a timeline whose parts are right, each for itself."""
    yield from _twice(timeline)
    known = {a.id: Medium(a.frames, a.rate) for a in timeline.assets if a.frames} | dict(media)
    assets = {asset.id for asset in timeline.assets}
    for track in timeline.tracks:
        if track.length > LONGEST:
            yield f"the track {track.id} ends at {track.length}"
        for clip in track.clips:
            if id(clip) not in right:
                yield from _faults_of(clip, timeline, known, assets)
    if timeline.mark_out is not None and timeline.mark_out <= (timeline.mark_in or 0):
        yield "what is marked ends before it begins"


def _shared(timeline: Timeline, since: Timeline | None) -> set[int]:
    if since is None or (since.rate, since.assets) != (timeline.rate, timeline.assets):
        return set()
    return {id(clip) for track in since.tracks for clip in track.clips}


def _misfits(noun: str, fields: Iterator[str]) -> Iterator[str]:
    return (f"{field} of the {noun} does not fit" for field in fields)


def _twice(timeline: Timeline) -> Iterator[str]:
    clips = [clip for track in timeline.tracks for clip in track.clips]
    nouns = (*timeline.tracks, *clips, *timeline.assets, *timeline.markers)
    if len({noun.id for noun in nouns}) != len(nouns):
        yield "an id is there twice"


def _faults_alone(clip: Clip) -> Iterator[str]:
    adapters = clip.words.adapters if clip.words else ()
    for noun in (clip, clip.footage, clip.words, *adapters, clip.sound, *clip.foreign):
        if noun is not None:
            yield from _misfits(f"{type(noun).__name__} of {clip.id}", noun.unfit())


def _faults_of(clip: Clip, timeline: Timeline, known: Media, assets: set[str]) -> Iterator[str]:
    footage = clip.footage
    if footage is None:
        return
    if footage.asset and footage.asset not in assets:
        yield f"the clip {clip.id} shows an asset that is not there"
    medium = known.get(footage.medium)
    if medium is None:
        return
    if medium.rate != footage.rate:
        yield f"the clip {clip.id} counts {footage.rate} frames a second, its medium {medium.rate}"
    if footage.frame(clip.length - 1, timeline.rate) >= medium.frames:
        yield f"the clip {clip.id} shows more than there is of its medium"
