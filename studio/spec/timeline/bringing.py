"""Files of the user's put on a timeline: pictures on a track of film, sound on one of sound, both
linked where a file has both."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from studio.spec.refusal import Refusal
from studio.spec.timeline.clip import Clip, Footage, Sound
from studio.spec.timeline.cutting import NewId
from studio.spec.timeline.edits import insert, overwrite
from studio.spec.timeline.marking import add_track
from studio.spec.timeline.media import Asset, Medium
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import Track
from studio.spec.timeline.trimming import fitted

STILL = Fraction(1, 1000)
"""Frames a second of a picture: its one frame plays for as long as anybody wants."""
STILL_SECONDS = 5
"""Seconds of a picture at first."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file holds: `frames` at `rate`, `width` by `height` pixels; `samples` of sound at
    `sampled` a second; 0 of what it has not.  A picture is one frame at the rate `STILL`."""

    frames: int = 0
    rate: Fraction = STILL
    width: int = 0
    height: int = 0
    samples: int = 0
    sampled: Fraction = Fraction(48_000)

    @property
    def is_still(self) -> bool:
        """Whether it is a picture that does not move."""
        return self.frames == 1


def bring(
    timeline: Timeline,
    found: Brought,
    name: str,
    place: str,
    start: int,
    new: NewId,
    track: str = "",
) -> tuple[Timeline, tuple[str, ...]]:
    """With a file's clips from `start` on, and their ids: what is seen first.

    What is seen goes on `track`, or the first of film; what plays there is cut, and what follows
    makes room.  Sound goes on the first track of sound that is free there, or on a new one.
    """
    if not found.frames and not found.samples:
        raise Refusal(f"“{name}” holds nothing to play.", "Choose a video, picture or sound file.")
    link = new() if found.frames and found.samples else ""
    made: list[str] = []
    if found.frames:
        timeline, asset = _asset(timeline, _seen(found, name, place, new))
        clip = Clip(new(), 1, footage=Footage(asset.rate, asset=asset.id), link=link)
        wanted = round(STILL_SECONDS * timeline.rate) if found.is_still else 2**40
        clip = _as_long(timeline, clip, wanted, asset)
        timeline, there = _film_track(timeline, track, new)
        free = not timeline.track(there).within(start, start + clip.length)
        timeline = (overwrite if free else insert)(timeline, there, clip, start, new)
        made.append(clip.id)
    if found.samples:
        asset = Asset(new(), name, place, rate=found.sampled, frames=found.samples)
        timeline, asset = _asset(timeline, asset)
        footage = Footage(asset.rate, asset=asset.id)
        clip = Clip(new(), 1, footage=footage, sound=Sound(), link=link)
        clip = _as_long(timeline, clip, 2**40, asset)
        timeline, there = _sound_track(timeline, start, clip.length, new)
        timeline = overwrite(timeline, there, clip, start, new)
        made.append(clip.id)
    return timeline, tuple(made)


def _seen(found: Brought, name: str, place: str, new: NewId) -> Asset:
    return Asset(
        new(), name, place, rate=found.rate, frames=found.frames, width=found.width,
        height=found.height,
    )  # fmt: skip


def _asset(timeline: Timeline, asset: Asset) -> tuple[Timeline, Asset]:
    """The asset as the timeline knows it already, or with it."""
    for there in timeline.assets:
        if (there.place, there.rate, there.frames) == (asset.place, asset.rate, asset.frames):
            return timeline, there
    return replace(timeline, assets=(*timeline.assets, asset)), asset


def _as_long(timeline: Timeline, clip: Clip, wanted: int, asset: Asset) -> Clip:
    return fitted(timeline, clip, wanted, {asset.id: Medium(asset.frames, asset.rate)})


def _film_track(timeline: Timeline, track: str, new: NewId) -> tuple[Timeline, str]:
    films = [t for t in timeline.tracks if t.kind == "video" and not t.locked]
    chosen = next((t.id for t in films if t.id == track), "")
    if chosen or films:
        return timeline, chosen or films[0].id
    made = Track(new(), "video", "Film")
    return add_track(timeline, made), made.id


def _sound_track(timeline: Timeline, start: int, length: int, new: NewId) -> tuple[Timeline, str]:
    """A track on which nothing sounds for so many frames."""
    tracks = [track for track in timeline.tracks if track.kind == "audio"]
    for track in tracks:
        if not track.locked and not track.within(start, start + length):
            return timeline, track.id
    name = f"Sound {len(tracks) + 1}" if tracks else "Sound"
    made = Track(new(), "audio", name, synced=False)
    return add_track(timeline, made), made.id


def used_assets(timeline: Timeline, kind: str) -> Iterator[Asset]:
    """The assets that clips on tracks of a kind show, each once."""
    seen: set[str] = set()
    assets = {asset.id: asset for asset in timeline.assets}
    for track in timeline.tracks:
        for clip in track.clips if track.kind == kind else ():
            id = clip.footage.asset if clip.footage else ""
            if id in assets and id not in seen:
                seen.add(id)
                yield assets[id]
