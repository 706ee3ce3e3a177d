"""A timeline as frozen data.  Every edit of it is a pure function that returns another one.

No position is stored and none is in a key: what is rendered for a clip is named by its shot and
take, so that moving, rippling, splitting, trimming and renaming render nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from studio.spec.bounds import ID, LABEL, anything, between, misfits, several
from studio.spec.timeline.checking import faults_together
from studio.spec.timeline.clip import LONGEST, Clip, Foreign
from studio.spec.timeline.media import Asset, Media, Medium
from studio.spec.timeline.track import Track
from studio.spec.timing import FASTEST, SLOWEST

MOST_TRACKS = 200


@dataclass(frozen=True, slots=True)
class Marker:
    """A named place, or `length` frames from it on."""

    id: str
    frame: int
    name: str = ""
    length: int = 0
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no edit makes."""
        somewhere = between(0, LONGEST)
        yield from misfits(self, id=ID, frame=somewhere, length=somewhere, name=LABEL)


@dataclass(frozen=True)
class Timeline:
    """`rate` frames per second; `tracks` from the bottom up: a later video track covers earlier ones.

    Marked is what lies from `mark_in` to before `mark_out`; None is the start, or the end.
    """

    rate: Fraction = Fraction(24)
    tracks: tuple[Track, ...] = ()
    assets: tuple[Asset, ...] = ()
    markers: tuple[Marker, ...] = ()
    mark_in: int | None = None
    mark_out: int | None = None
    foreign: tuple[Foreign, ...] = ()
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no edit makes; `checking.faults` says it in sentences, and looks at
        all parts too."""
        yield from self.misfits()
        if next(faults_together(self, {}), ""):
            yield "tracks"

    def misfits(self) -> Iterator[str]:
        """Fields that are out of bounds by themselves."""
        somewhere = between(0, LONGEST)
        yield from misfits(
            self, rate=between(SLOWEST, FASTEST), tracks=several(anything, most=MOST_TRACKS),
            assets=several(anything), markers=several(anything), mark_in=somewhere,
            mark_out=somewhere, foreign=several(anything, most=1000),
        )  # fmt: skip

    @property
    def length(self) -> int:
        """Frames until the end of the last clip of any track."""
        return max((track.length for track in self.tracks), default=0)

    @cached_property
    def _where(self) -> Mapping[str, tuple[int, int]]:
        return {
            clip.id: (row, number)
            for row, track in enumerate(self.tracks)
            for number, clip in enumerate(track.clips)
        }

    def __contains__(self, id: str) -> bool:
        return id in self._where

    def track(self, id: str) -> Track:
        """The track with that id; KeyError where there is none."""
        return _found(self.tracks, id)

    def asset(self, id: str) -> Asset:
        """The asset with that id; KeyError where there is none."""
        return _found(self.assets, id)

    def where(self, id: str) -> tuple[Track, int]:
        """The track of a clip and its number there; KeyError where there is none."""
        row, number = self._where[id]
        return self.tracks[row], number

    def clip(self, id: str) -> Clip:
        """The clip with that id; KeyError where there is none."""
        track, number = self.where(id)
        return track.clips[number]

    def start(self, id: str) -> int:
        """The frame at which a clip begins; KeyError where there is none."""
        track, number = self.where(id)
        return track.starts[number]

    def linked(self, id: str) -> tuple[str, ...]:
        """A clip and those that are linked with it, from the bottom up."""
        link = self.clip(id).link
        if not link:
            return (id,)
        return tuple(clip.id for track in self.tracks for clip in track.clips if clip.link == link)

    def with_track(self, track: Track) -> "Timeline":
        """With a track in the place of the one with its id."""
        return replace(self, tracks=tuple(track if t.id == track.id else t for t in self.tracks))


def media_of(timeline: Timeline) -> dict[str, Medium]:
    """How much there is of each asset whose length is known."""
    return {asset.id: Medium(asset.frames, asset.rate) for asset in timeline.assets if asset.frames}


def medium_of(timeline: Timeline, id: str, media: Media) -> Medium | None:
    """What is known of a take or an asset."""
    found = media.get(id)
    if found is None and id:
        return media_of(timeline).get(id)
    return found


def _found(items, id: str):
    for item in items:
        if item.id == id:
            return item
    raise KeyError(id)
