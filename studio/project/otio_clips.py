"""Clips of an OpenTimelineIO file: what they show, how fast, and what nothing here knows of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from opentimelineio import schema

from studio.project.otio_values import exactly, kept, others_of, ours_of, rate_of, value_of
from studio.project.plain import from_plain
from studio.project.project import Project
from studio.spec.bounds import LONGEST_LABEL, LONGEST_TEXT
from studio.spec.timeline.clip import (
    FASTEST_SPEED,
    LONGEST,
    SLOWEST_SPEED,
    Clip,
    Footage,
    Foreign,
    Sound,
    Words,
)
from studio.spec.timeline.media import MOST_FRAMES, Asset, Medium
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.trimming import fitted


@dataclass(slots=True)
class ClipReader:
    """Reads one clip after another; `assets` are the files that they show by then."""

    base: Timeline
    project: Project
    id_for: Callable[[object], str]
    aside: list[str]
    _assets: dict[str, Asset] = field(default_factory=dict)
    _too_long: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._assets = {asset.id: asset for asset in self.base.assets}

    def assets(self) -> tuple[Asset, ...]:
        """All files; the length of one is forgotten of which a clip shows more than it is said to
        have."""
        return tuple(
            replace(asset, frames=0) if asset.id in self._too_long else asset
            for asset in self._assets.values()
        )

    def clip(self, item: Any, kind: str, length: int) -> Clip:
        """A clip of so many frames of a track of that kind."""
        ours = ours_of(item)
        own = self._own(ours, kind)
        speed, foreign = self._foreign(item, own.foreign if own else ())
        clip = own or self._stranger(item, kind)
        clip = replace(clip, id=self.id_for(ours.get("id")), length=length, foreign=foreign)
        if own is None or own.name:  # else what it is called there is what it shows
            clip = replace(clip, name=item.name[:LONGEST_LABEL])
        if clip.footage is not None:
            clip = replace(clip, footage=self._footage(clip.footage, item, speed, own is not None))
        if clip.sound is not None:
            clip = replace(clip, sound=clip.sound.within(length))
        return self._within_its_medium(clip, length)

    def _own(self, ours: dict[str, Any], kind: str) -> Clip | None:
        """The clip that our metadata speaks of; None where there is none, or of another kind."""
        try:
            clip = from_plain(Clip, {**ours, "length": LONGEST, "gap": 0})
        except ValueError:
            return None
        return clip if clip.kind == kind else None

    def _stranger(self, item: Any, kind: str) -> Clip:
        """A clip of a program that knows nothing of us."""
        if kind == "prompt":
            reference = getattr(item, "media_reference", None)
            text = (reference.name if reference else "") or item.name
            return Clip("", 1, words=Words(text[:LONGEST_TEXT]))
        sound = Sound() if kind == "audio" else None
        return Clip("", 1, footage=Footage(self.base.rate), sound=sound)

    def _foreign(self, item: Any, own: tuple[Foreign, ...]) -> tuple[Fraction, tuple[Foreign, ...]]:
        """Its speed, and what is kept of it, beside what our metadata kept."""
        speed, found = Fraction(0), [*own, *others_of(item)]
        if not isinstance(item, schema.Clip) and not own:
            found += self._kept("nested", [item], item)
        for effect in item.effects if isinstance(item, schema.Clip) else ():
            scalar = getattr(effect, "time_scalar", 0.0)
            if isinstance(effect, schema.LinearTimeWarp) and not speed and _playable(scalar):
                speed = Fraction(scalar)
            else:
                found += self._kept("effect", [effect], item)
        if isinstance(item, schema.Clip):
            found += self._kept("marker", item.markers, item)
            if not item.enabled:
                found.append(Foreign("disabled"))
                self.aside.append(f"“{item.name}” is off there; here it plays")
        reference = getattr(item, "media_reference", None)
        if reference is not None and not isinstance(
            reference, (schema.ExternalReference, schema.MissingReference)
        ):
            found += self._kept("reference", [reference], item)
        return speed or Fraction(1), tuple(found)

    def _kept(self, kind: str, nouns: Sequence[Any], item: Any) -> list[Foreign]:
        found = []
        for noun in nouns:
            one = kept(kind, noun)
            found += [one] if one else []
            named = one.name if one else noun.name
            self.aside.append(f"{kind} “{named}” on “{item.name}”")
        return found

    def _footage(self, footage: Footage, item: Any, speed: Fraction, own: bool) -> Footage:
        """What is shown, from where and how fast, as it is there; exactly so where we know it."""
        reference = getattr(item, "media_reference", None)
        footage = self._medium(footage, reference)
        asset = self._assets.get(footage.asset)
        start = asset.start if asset else Fraction(0)
        if asset is not None and not own:
            footage = replace(footage, rate=asset.rate)
        at = item.source_range.start_time if item.source_range else None
        if at is None:
            begin = Fraction(0)
        elif own and at.value == float(footage.begin + start) and at.rate == float(footage.rate):
            begin = footage.begin
        else:
            begin = max(Fraction(0), value_of(at) * footage.rate / rate_of(at) - start)
        exact = exactly(footage.speed, float(speed)) if own else None
        speed = exact or speed.limit_denominator(10_000)
        return replace(footage, begin=begin, speed=speed)

    def _medium(self, footage: Footage, reference: Any) -> Footage:
        """With the take or file that a reference names; as it is where that names none."""
        ours = ours_of(reference) if reference is not None else {}
        take, url = ours.get("take"), getattr(reference, "target_url", None) or ""
        if isinstance(take, str) and take in self.project.media:
            medium = self.project.media[take]
            return replace(footage, take=take, shot=self._shot(take), asset="", rate=medium.rate)
        known = self._assets.get(str(ours.get("asset")))
        if known is not None and known.place == url:
            return replace(footage, shot="", take="", asset=known.id)
        if reference is None:
            return footage
        named = isinstance(reference, schema.MissingReference) and reference.name
        if not url and (take is not None or not named):
            return footage
        asset = self._file(reference, url)
        return replace(footage, shot="", take="", asset=asset.id, rate=asset.rate)

    def _shot(self, take: str) -> str:
        return self.project.render(take).shot

    def _file(self, reference: Any, url: str) -> Asset:
        """The asset of a file that is named; the same one for the same file."""
        there = reference.available_range
        rate, frames, start = self.base.rate, 0, Fraction(0)
        if there is not None:
            rate, start = rate_of(there.start_time), value_of(there.start_time)
            frames = int(value_of(there.duration) * rate / rate_of(there.duration))
        name = (reference.name or PurePosixPath(unquote(url)).name)[:LONGEST_LABEL]
        new = Asset("", name, url[:LONGEST_TEXT], "", rate, min(max(0, frames), MOST_FRAMES), start)
        for asset in self._assets.values():
            if replace(asset, id="", identity="", unknown={}) == new:
                return asset
        new = replace(new, id=self.id_for(None))
        self._assets[new.id] = new
        return new

    def _within_its_medium(self, clip: Clip, length: int) -> Clip:
        """A clip that shows no more of its take than there is, and of a file whose length is right."""
        footage = clip.footage
        if footage is None or not footage.medium:
            return clip
        if (asset := self._assets.get(footage.asset)) is not None:
            if asset.frames and footage.frame(length - 1, self.base.rate) >= asset.frames:
                self._too_long.add(asset.id)
            return clip
        medium: Medium | None = self.project.media.get(footage.medium)
        if medium is None or footage.frame(length - 1, self.base.rate) < medium.frames:
            return clip
        self.aside.append(f"the end of “{clip.name}”, which is longer than its take")
        begin = min(footage.begin, Fraction(medium.frames - 1))
        clip = replace(clip, footage=replace(footage, begin=begin))
        return fitted(self.base, clip, length, self.project.media)


def _playable(speed: float) -> bool:
    return float(SLOWEST_SPEED) <= speed <= float(FASTEST_SPEED)
