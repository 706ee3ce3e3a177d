"""A timeline as OpenTimelineIO: takes are media references, recipes and all else our metadata.

Positions, lengths and gaps are theirs; a program that knows nothing of us sees the same cut.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from opentimelineio import schema

from studio.project.otio_values import FORMAT, KINDS, restored, span, time, whole, written
from studio.project.plain import to_plain
from studio.project.project import Project, Render
from studio.project.recipe import recipe
from studio.spec.timeline.clip import Clip, Footage, Foreign
from studio.spec.timeline.media import Asset
from studio.spec.timeline.timeline import Marker
from studio.spec.timeline.track import Track

NO_FILES: Mapping[str, Path] = {}


def to_otio(project: Project, files: Mapping[str, Path] = NO_FILES) -> str:
    """The project's timeline as an .otio file's text.

    `files` are those to which takes were exported, by the takes' ids; a take without one is a
    reference that is missing, with its recipe.
    """
    timeline = project.timeline
    there = schema.Timeline(whole(project.name))
    ours = to_plain(timeline)
    for theirs in ("tracks", "markers"):
        del ours[theirs]
    written(there, {"format": FORMAT, **ours}, timeline.foreign)
    for start in _restored(timeline.foreign, "global start"):
        there.global_start_time = start
    there.tracks.effects.extend(_restored(timeline.foreign, "effect"))
    writer = _Writer(project, files)
    for track in timeline.tracks:
        there.tracks.append(writer.track(track))
    for marker in timeline.markers:
        there.tracks.markers.append(_marker(marker, timeline.rate))
    return otio.adapters.write_to_string(there, "otio_json")


class _Writer:
    """What tracks and clips are written with: the project's takes and their files."""

    def __init__(self, project: Project, files: Mapping[str, Path]) -> None:
        self._media, self._rate = project.media, project.timeline.rate
        self._assets = {asset.id: asset for asset in project.timeline.assets}
        self._renders = {render.id: render for render in project.renders}
        self._files = files
        self._takes: dict[str, list[Render]] = {}
        for render in project.renders:
            if not render.in_bin:
                self._takes.setdefault(render.shot, []).append(render)

    def track(self, track: Track) -> schema.Track:
        """A track with its gaps."""
        made = schema.Track(whole(track.name), kind=KINDS[track.kind])
        made.enabled = track.on
        ours = to_plain(track)
        for theirs in ("clips", "kind", "name", "on"):
            del ours[theirs]
        written(made, ours, track.foreign)
        made.effects.extend(_restored(track.foreign, "effect"))
        made.markers.extend(_restored(track.foreign, "marker"))
        for clip in track.clips:
            if clip.gap:
                made.append(schema.Gap(duration=time(clip.gap, self._rate)))
            made.extend(_restored(clip.foreign, "transition before"))
            made.append(self._clip(clip))
            made.extend(_restored(clip.foreign, "transition after"))
        return made

    def _clip(self, clip: Clip) -> otio.core.Item:
        ours = to_plain(clip)
        for theirs in ("length", "gap"):
            del ours[theirs]
        nested = _restored(clip.foreign, "nested")
        item = nested[0] if nested else schema.Clip()
        item.name = whole(clip.name or self._title(clip))
        item.source_range = self._range(clip)
        written(item, ours, clip.foreign)
        if nested:
            return item
        if clip.footage and clip.footage.speed != 1:
            warp = schema.LinearTimeWarp("speed", float(clip.footage.speed))
            item.effects.append(warp)
        item.effects.extend(_restored(clip.foreign, "effect"))
        item.markers.extend(_restored(clip.foreign, "marker"))
        item.enabled = not any(one.kind == "disabled" for one in clip.foreign)
        self._refer(item, clip)
        return item

    def _range(self, clip: Clip) -> otio.opentime.TimeRange:
        """Where in its medium a clip begins, and how long it plays."""
        footage = clip.footage
        if footage is None:
            return span(0, clip.length, self._rate)
        begin = footage.begin + self._start(footage)
        return otio.opentime.TimeRange(time(begin, footage.rate), time(clip.length, self._rate))

    def _start(self, footage: Footage) -> Fraction:
        asset = self._assets.get(footage.asset)
        return asset.start if asset else Fraction(0)

    def _title(self, clip: Clip) -> str:
        if clip.words:
            return clip.words.text[:80]
        if clip.footage and (asset := self._assets.get(clip.footage.asset)):
            return asset.name
        render = self._renders.get(clip.footage.take) if clip.footage else None
        return _take_name(render) if render else ""

    def _refer(self, item: schema.Clip, clip: Clip) -> None:
        """All takes of a clip's shot, the one that plays active; or its file, or its words."""
        if clip.words is not None:
            item.media_reference = schema.MissingReference(whole(clip.words.text))
            return
        foreign = _restored(clip.foreign, "reference")
        if foreign or clip.footage is None:
            item.media_reference = foreign[0] if foreign else schema.MissingReference()
        elif asset := self._assets.get(clip.footage.asset):
            item.media_reference = _of_asset(asset)
        elif clip.footage.take in self._renders:
            active = self._renders[clip.footage.take]
            takes = {render.id: render for render in self._takes.get(active.shot, ())}
            references = {
                id: self._of_take(render, whole=id == active.id)
                for id, render in (takes | {active.id: active}).items()
            }
            item.set_media_references(references, active.id)

    def _of_take(self, render: Render, *, whole: bool) -> otio.core.MediaReference:
        medium, file = self._media[render.id], self._files.get(render.id)
        there = span(0, medium.frames, medium.rate)
        if file is None:
            made = schema.MissingReference(_take_name(render), there)
        else:
            made = schema.ExternalReference(file.absolute().as_uri(), there)
            made.name = _take_name(render)
        ours: dict[str, object] = {"take": render.id, "shot": render.shot}
        if whole:
            ours |= recipe(render.request)
        written(made, ours, ())
        return made


def _take_name(render: Render) -> str:
    return f"Take {render.order}"


def _of_asset(asset: Asset) -> otio.core.MediaReference:
    there = span(asset.start, asset.frames, asset.rate) if asset.frames else None
    if asset.place:
        made = schema.ExternalReference(whole(asset.place), there)
        made.name = whole(asset.name)
    else:
        made = schema.MissingReference(whole(asset.name), there)
    written(made, {"asset": asset.id}, ())
    return made


def _marker(marker: Marker, rate: Fraction) -> schema.Marker:
    made = schema.Marker(whole(marker.name), span(marker.frame, marker.length, rate))
    ours = to_plain(marker)
    for theirs in ("frame", "length", "name"):
        del ours[theirs]
    written(made, ours, ())
    return made


def _restored(foreign: Iterable[Foreign], kind: str) -> list:
    return [restored(one) for one in foreign if one.kind == kind]
