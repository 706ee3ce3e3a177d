"""What can be done to the timeline by hand: each edit is one undoable change of the project.

Nothing here makes a frame; what an edit leaves to be made is proposed elsewhere.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from fractions import Fraction

from PySide6.QtCore import QObject, Signal

from studio.project import edits as project_edits
from studio.project.project import Project, new_id
from studio.project.timeline_edits import clip_of, edit_timeline, lay_out, new_timeline
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.spec.timeline import edits, marking, sounding, splitting, trimming
from studio.spec.timeline.bringing import Brought, bring
from studio.spec.timeline.clip import Clip, Words
from studio.spec.timeline.media import Media
from studio.spec.timeline.retiming import at_rate, retime, set_blended
from studio.spec.timeline.timeline import Marker, Timeline
from studio.spec.timeline.track import Track
from studio.spec.timing import FASTEST
from studio.ui.state.document import Document

FIRST_WORDS = 3
"""Seconds of words that are put where no clip plays."""


class TimelineEdits(QObject):
    """Edits the timeline of the document; clips are named by their ids."""

    refused = Signal(str, str)

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._media: tuple[Project, Media] | None = None

    @property
    def project(self) -> Project:
        return self._document.project

    @property
    def timeline(self) -> Timeline:
        return self._document.project.timeline

    @property
    def media(self) -> Media:
        """How much there is of every take: worked out anew where takes or files are others."""
        project = self._document.project
        if self._media is None or _other_media(self._media[0], project):
            self._media = project, project.media
        return self._media[1]

    @property
    def only_read(self) -> str:
        """Why nothing can be changed, or ""."""
        return self._document.only_read

    def add_take(self, take: str, track: str = "", start: int | None = None) -> str:
        """Put a take on the timeline, at its end or at a frame, where what follows makes room.

        Gives the id of its clip, "" where that was refused.
        """
        made: list[str] = []

        def put(project: Project) -> Project:
            render = project.render(take)
            timeline = _ready(project, render.request.rate)
            clip = clip_of(project, render, timeline)
            made.append(clip.id)
            where = track or next(t.id for t in timeline.tracks if t.kind == "video")
            if start is None:
                timeline = edits.append(timeline, where, clip)
            elif _fits(timeline, where, start, clip.length):
                timeline = edits.overwrite(timeline, where, clip, start, new_id)
            else:
                timeline = edits.insert(timeline, where, clip, start, new_id)
            return edit_timeline(project, lambda _: timeline)

        return made[0] if self._change("Add to the timeline", put) else ""

    def bring(
        self, found: Brought, name: str, place: str, track: str = "", start: int | None = None
    ) -> str:
        """Put a file of the user's on the timeline, at its end or from a frame on; gives the id of
        its first clip, "" where that was refused."""
        made: list[str] = []

        def put(project: Project) -> Project:
            rate = project.timeline.rate if found.is_still or not found.frames else found.rate
            timeline = _ready(project, min(rate, Fraction(FASTEST)))
            film = (t.length for t in timeline.tracks if t.kind == "video")
            at = max(film, default=0) if start is None else start
            timeline, clips = bring(timeline, found, name, place, at, new_id, track)
            made.extend(clips)
            return edit_timeline(project, lambda _: timeline)

        return made[0] if self._change(f"Add {name}", put) else ""

    def lay_out(self) -> None:
        """Put the best take of every shot on the timeline, one after another."""
        self._change("Lay out the shots", lay_out)

    def add_words(self, text: str, frame: int) -> None:
        """Put words over the clip at a frame, or over a few seconds from there."""

        def put(timeline: Timeline) -> Timeline:
            track = next((t for t in timeline.tracks if t.kind == "prompt"), None)
            if track is None:
                raise Refusal("There is no track for words.", "Put a take on the timeline first.")
            start, length = _under(timeline, frame)
            clip = Clip(new_id(), length, words=Words(text))
            return edits.overwrite(timeline, track.id, clip, start, new_id)

        self.change("Add words", put)

    def set_words(self, clip: str, text: str) -> None:
        """Say something else with a clip of words."""

        def say(timeline: Timeline) -> Timeline:
            old = timeline.clip(clip)
            words = replace(old.words or Words(), text=text)
            return edits.alter(timeline, replace(old, words=words))

        self.change("Change words", say)

    def move(
        self, clips: Collection[str], by: int, tracks: Mapping[str, str], *, merge: bool = False
    ) -> None:
        """Move clips by frames, and some of them to other tracks."""
        label = f"Move {count(len(clips), 'clip')}"
        self.change(label, lambda t: edits.move_several(t, clips, by, new_id, tracks), merge=merge)

    def trim(
        self, clip: str, end: str, by: int, *, ripple: bool = False, merge: bool = False
    ) -> None:
        """Move an end of a clip, as far as there is something to show."""
        self.change(
            "Trim",
            lambda t: trimming.trim(t, clip, end, by, self.media, ripple=ripple),
            merge=merge,
        )

    def slip(self, clip: str, by: int, *, merge: bool = False) -> None:
        """Show what comes so many frames later in the clip's medium, under the same ends."""
        self.change("Slip", lambda t: trimming.slip(t, clip, by, self.media), merge=merge)

    def fade(self, clip: str, end: str, frames: int) -> None:
        """Make a fade of a clip so many frames long."""
        self.change("Fade", lambda t: sounding.set_fade(t, clip, end, frames))

    def set_gain(self, clip: str, gain: float, *, merge: bool = False) -> None:
        """Make a clip as loud as so many decibels."""
        self.change("Gain", lambda t: sounding.set_gain(t, clip, gain), merge=merge)

    def set_speed(self, clip: str, speed: Fraction) -> None:
        """Play a clip at another speed; what follows moves."""
        edit = lambda t: retime(t, clip, speed, self.media, ripple=True)  # noqa: E731
        self.change("Speed", edit)

    def set_blended(self, clip: str, *, on: bool) -> None:
        """Mix the frames between which a clip lies, or show the nearest."""
        self.change("Blend frames", lambda t: set_blended(t, clip, on))

    def split(self, clips: Collection[str], frame: int) -> None:
        """Cut clips at a frame."""

        def cut(timeline: Timeline) -> Timeline:
            for clip in clips:
                timeline = splitting.split(timeline, clip, frame, new_id)
            return timeline

        self.change("Split", cut)

    def delete(self, clips: Collection[str], *, ripple: bool = False) -> None:
        """Take clips out; with `ripple` what follows moves up."""

        def without(timeline: Timeline) -> Timeline:
            if not ripple:
                return edits.delete(timeline, clips)
            for clip in sorted(clips, key=timeline.start, reverse=True):
                if clip in timeline:
                    timeline = edits.ripple_delete(timeline, clip)
            return timeline

        label = f"{'Ripple delete' if ripple else 'Delete'} {count(len(clips), 'clip')}"
        self.change(label, without)

    def close_gap(self, track: str, frame: int) -> None:
        """Move what follows a gap up to where it begins."""
        self.change("Close the gap", lambda t: edits.close_gap(t, track, frame))

    def toggle_marker(self, frame: int) -> None:
        """Put a marker at a frame, or take away the one that is there."""

        def toggled(timeline: Timeline) -> Timeline:
            there = next((m for m in timeline.markers if m.frame == frame), None)
            if there:
                return marking.remove_marker(timeline, there.id)
            return marking.add_marker(timeline, Marker(new_id(), frame))

        self.change("Marker", toggled)

    def mark(self, frame: int | None, *, out: bool) -> None:
        """Mark from a frame on, or up to before it; None takes the mark away."""
        if out:
            self.change("Mark out", lambda t: marking.mark_out(t, frame))
        else:
            self.change("Mark in", lambda t: marking.mark_in(t, frame))

    def unmark(self) -> None:
        """Take both marks away."""
        self.change("Clear the marks", lambda t: marking.mark_out(marking.mark_in(t, None), None))

    def work_on(self, clip: str) -> None:
        """Choose the shot of a clip as the one being worked on."""
        footage = self.timeline.clip(clip).footage
        shot = footage.shot if footage else ""
        if shot in self.project.places:
            self._change("Choose shot", lambda p: project_edits.select(p, shot), merge=True)
        else:
            self.refused.emit("This clip has no shot.", "Only clips that were made here have one.")

    def add_track(self) -> None:
        """One more track of pictures, over all others."""

        def added(timeline: Timeline) -> Timeline:
            number = 1 + sum(track.kind == "video" for track in timeline.tracks)
            return marking.add_track(timeline, Track(new_id(), "video", f"Film {number}"))

        self.change("Add a track", added)

    def remove_track(self, track: str) -> None:
        """Take a track away, with all its clips."""
        self.change("Remove the track", lambda t: marking.remove_track(t, track))

    def switch_track(self, track: str, what: str) -> None:
        """Turn a track on or off, lock or unlock it, have it move along or not: `what` is "on",
        "locked" or "synced"."""

        def switched(timeline: Timeline) -> Timeline:
            there = timeline.track(track)
            return timeline.with_track(replace(there, **{what: not getattr(there, what)}))

        self.change("Track", switched)

    def change(
        self, label: str, edit: Callable[[Timeline], Timeline], *, merge: bool = False
    ) -> bool:
        """Make an edit of the timeline; False where it was refused."""
        return self._change(label, lambda p: edit_timeline(p, edit), merge=merge)

    def _change(
        self, label: str, edit: Callable[[Project], Project], *, merge: bool = False
    ) -> bool:
        if self.only_read:
            self.refused.emit(self.only_read, "")
            return False
        try:
            self._document.change(edit, label, merge=merge)
        except Refusal as refusal:
            self.refused.emit(refusal.what, refusal.hint)
            return False
        return True


def _other_media(one: Project, other: Project) -> bool:
    assets = one.timeline.assets is not other.timeline.assets
    return one.renders is not other.renders or assets


def _ready(project: Project, rate) -> Timeline:
    """The timeline with tracks; at the rate of what is first put on it."""
    timeline = project.timeline
    if any(track.clips for track in timeline.tracks):
        return timeline
    if timeline.rate != rate:
        timeline = at_rate(timeline, rate, project.media)
    if any(track.kind == "video" for track in timeline.tracks):
        return timeline
    return replace(timeline, tracks=(*timeline.tracks, *new_timeline(rate).tracks))


def _fits(timeline: Timeline, track: str, start: int, length: int) -> bool:
    return not timeline.track(track).within(start, start + length)


def _under(timeline: Timeline, frame: int) -> tuple[int, int]:
    """Start and length of the clip that plays at a frame; a few seconds where none does."""
    for track in reversed(timeline.tracks):
        if track.kind == "video" and (number := track.at(frame)) is not None:
            return track.starts[number], track.clips[number].length
    return frame, max(1, round(FIRST_WORDS * timeline.rate))
