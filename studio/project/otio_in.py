"""OpenTimelineIO as a timeline: positions, lengths, gaps and media as they are there.

What our metadata says besides (ids, shots and takes, words, fades) counts while it agrees with what
is there; without it the cut is the same.  What nothing here knows is kept aside and named.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio
from opentimelineio import schema

from studio.project.otio_clips import ClipReader
from studio.project.otio_values import (
    KINDS,
    exactly,
    kept,
    others_of,
    ours_of,
    rate_of,
    seconds_of,
)
from studio.project.plain import from_plain, parsed
from studio.project.project import Project, new_id
from studio.spec.bounds import LONGEST_LABEL
from studio.spec.numbers import exact
from studio.spec.refusal import Refusal
from studio.spec.timeline.checking import faults
from studio.spec.timeline.clip import Foreign
from studio.spec.timeline.cutting import NewId
from studio.spec.timeline.timeline import Marker, Timeline
from studio.spec.timeline.track import Placed, Track, laid
from studio.spec.timing import FASTEST, SLOWEST

UNREADABLE = (ValueError, TypeError, KeyError, IndexError, RuntimeError, otio.exceptions.OTIOError)
"""What the library raises for files that are none, or of no version that it knows."""
HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Imported:
    """A timeline, and what of the file nothing here knows or could use, in a few words each."""

    timeline: Timeline
    aside: tuple[str, ...]


def from_otio(text: str, project: Project, new: NewId = new_id) -> Imported:
    """The timeline of an .otio file for a project, whose takes it may name; refused in a sentence
    where it cannot be read."""
    try:
        parsed(text)
        root = otio.adapters.read_from_string(text, "otio_json")
        return _Reader(_timeline(root), project, new).read()
    except UNREADABLE as error:
        raise Refusal(
            f"This is no timeline that can be read: {str(error)[:100]}.", "Choose an .otio file."
        ) from error


def _timeline(root: Any) -> schema.Timeline:
    if isinstance(root, schema.SerializableCollection):
        root = next((one for one in root if isinstance(one, schema.Timeline)), root)
    if not isinstance(root, schema.Timeline):
        raise ValueError("there is no timeline in it")
    return root


@dataclass(slots=True)
class _Reader:
    """One file on its way in."""

    there: schema.Timeline
    project: Project
    new: NewId
    aside: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def read(self) -> Imported:
        """The whole timeline."""
        base = self._base()
        clips = ClipReader(base, self.project, self.id_for, self.aside)
        tracks = tuple(self._track(track, base.rate, clips) for track in self._tracks())
        markers = tuple(self._marker(marker, base.rate) for marker in self.there.tracks.markers)
        foreign = [*base.foreign, *others_of(self.there)]
        foreign += [*self._kept("effect", self.there.tracks.effects, "")]
        if self.there.global_start_time is not None:
            start = self.there.global_start_time
            foreign.append(Foreign("global start", text=otio.core.serialize_json_to_string(start)))
        timeline = replace(
            base, tracks=tracks, markers=markers, foreign=tuple(foreign), assets=clips.assets()
        )
        media = replace(self.project, timeline=timeline).media
        if fault := next(faults(timeline, media), ""):
            raise ValueError(fault)
        return Imported(timeline, tuple(self.aside))

    def id_for(self, id: object) -> str:
        """An id of ours, or a new one where it is none or taken: clips are copied elsewhere, with
        all that is written on them."""
        valid = isinstance(id, str) and len(id) == 12 and id not in self.used
        own = str(id) if valid else self.new()
        self.used.add(own)
        return own

    def _base(self) -> Timeline:
        """Rate, marks and assets."""
        found, ours = self._rate(), ours_of(self.there)
        rate = _own_rate(ours.get("rate"), found) or found or Fraction(24)
        own = {name: value for name, value in ours.items() if name != "format"}
        try:
            base = from_plain(Timeline, {**own, "tracks": [], "markers": [], "rate": str(rate)})
        except ValueError:
            base = Timeline(rate)
        self.used.update(asset.id for asset in base.assets)
        return base

    def _rate(self) -> Fraction | None:
        """The rate at which most of it is counted, pictures before sounds; None where nothing is."""
        for kinds in ({"Video"}, {"Video", "Prompt", "Audio"}):
            counted = Counter[Fraction]()
            for track in self._tracks():
                for item in track if track.kind in kinds else ():
                    with suppress(*UNREADABLE):
                        rate = rate_of(item.duration())
                        counted[rate] += int(SLOWEST <= rate <= FASTEST)
            if counted.total():
                return counted.most_common(1)[0][0]
        return None

    def _tracks(self) -> Iterator[schema.Track]:
        """The tracks; what lies beside them as a track of its own."""
        for child in self.there.tracks:
            if isinstance(child, schema.Track):
                yield child
            else:
                track = schema.Track(child.name)
                track.append(child.deepcopy())
                yield track

    def _track(self, there: schema.Track, rate: Fraction, clips: ClipReader) -> Track:
        ours = ours_of(there)
        kind = next((own for own, theirs in KINDS.items() if theirs == there.kind), "video")
        if KINDS[kind] != there.kind:
            self.aside.append(f"a track of the kind “{there.kind}”, read as pictures")
        name = there.name[:LONGEST_LABEL]
        own = {**ours, "kind": kind, "name": name, "on": there.enabled, "clips": []}
        try:
            track = from_plain(Track, own | {"id": self.id_for(ours.get("id"))})
        except ValueError:
            track = Track(self.id_for(None), kind, name, on=there.enabled)
        foreign = [*track.foreign, *others_of(there), *self._kept("effect", there.effects, name)]
        foreign += self._kept("marker", there.markers, name)
        placed = self._placed(there, kind, rate, clips)
        return laid(replace(track, foreign=tuple(foreign)), placed)

    def _placed(
        self, there: schema.Track, kind: str, rate: Fraction, clips: ClipReader
    ) -> list[Placed]:
        """Clips at the frames nearest to their times: what is rounded once does not add up."""
        placed: list[Placed] = []
        at, end = Fraction(0), 0
        before: list[Foreign] = []
        for item in there:
            if isinstance(item, schema.Transition):
                before += self._kept("transition before", [item], there.name)
                continue
            try:
                until = at + seconds_of(item.duration()) * rate
            except UNREADABLE:
                self.aside.append(f"“{item.name}”, which has no length")
                continue
            if not isinstance(item, schema.Gap):
                first = max(end, (at + HALF).__floor__())
                end = max(first + 1, (until + HALF).__floor__())
                clip = clips.clip(item, kind, end - first)
                placed.append((first, replace(clip, foreign=(*before, *clip.foreign))))
                before = []
            at = until
        return _with_last(placed, before)

    def _marker(self, there: schema.Marker, rate: Fraction) -> Marker:
        ours = ours_of(there)
        frame, length = (
            max(0, (seconds_of(time) * rate + HALF).__floor__())
            for time in (there.marked_range.start_time, there.marked_range.duration)
        )
        own = {**ours, "frame": frame, "length": length, "name": there.name[:LONGEST_LABEL]}
        return from_plain(Marker, own | {"id": self.id_for(ours.get("id"))})

    def _kept(self, kind: str, nouns: Any, where: str) -> list[Foreign]:
        found = []
        for noun in nouns:
            one = kept(kind, noun)
            found += [one] if one else []
            self.aside.append(f"{kind.split()[0]} “{noun.name}” on “{where}”")
        return found


def _own_rate(text: object, found: Fraction | None) -> Fraction | None:
    """The rate that our metadata says, while it is the one that is counted with."""
    if found is not None:
        return exactly(text, float(found))
    with suppress(ValueError):
        rate = exact(str(text))
        return rate if SLOWEST <= rate <= FASTEST else None
    return None


def _with_last(placed: list[Placed], after: list[Foreign]) -> list[Placed]:
    """With a transition after the last clip on that clip."""
    if placed and after:
        start, clip = placed[-1]
        late = tuple(replace(one, kind="transition after") for one in after)
        placed[-1] = (start, replace(clip, foreign=(*clip.foreign, *late)))
    return placed
