"""A project: its shots and the clips rendered from them, as plain frozen data."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from studio.project.bin import Binned, is_day
from studio.project.shot import Shot
from studio.spec.bounds import (
    ID,
    KEY,
    LABEL,
    anything,
    between,
    either,
    is_name,
    misfits,
    nothing,
    several,
)
from studio.spec.request import ClipRequest
from studio.spec.timeline.checking import faults_together
from studio.spec.timeline.media import Medium
from studio.spec.timeline.timeline import Timeline, media_of

MAX_SPANS = 1_000_000
"""Of one clip."""
PARTS = ("name", "subjects", "renders", "selected", "timeline", "binned", "unknown")
"""What a project has beside its shots."""


def new_id() -> str:
    """A fresh name for a shot or a render: twelve hex digits that say nothing of when or who."""
    return uuid.uuid4().hex[:12]


@dataclass(frozen=True, slots=True)
class Render:
    """A finished clip of a shot, as the *Takes* panel lists it.

    `order` counts the project's renders from 1 and stands in for a clock; `spans` are the keys of
    its last stage, in the order in which they play; `thumbnail` is the key of the span that the
    small picture is made from, or ""; `binned` the day on which it went into the bin, where known.
    """

    id: str
    shot: str
    order: int
    request: ClipRequest
    spans: tuple[str, ...] = ()
    starred: bool = False
    in_bin: bool = False
    thumbnail: str = ""
    binned: str = ""
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no finished clip has."""
        yield from misfits(
            self, id=ID, shot=ID, order=between(0, 2**53),
            spans=several(KEY, most=MAX_SPANS), thumbnail=either(nothing, KEY),
            binned=either(nothing, is_day),
        )  # fmt: skip


@dataclass(frozen=True)
class Project:
    """Everything a project folder says in `project.json`.  `studio.project.edits` changes it.

    `subjects` are the names of the subjects that the project shows, in its order; the subjects
    themselves live in the `SubjectStore`, for all projects.  `selected` is the shot being worked
    on.  `renders` come in the order they were made; the newest is last.  Clips of the `timeline`
    name shots and renders by their ids; one that is gone leaves them to be made.  `binned` are
    shots and assets that were deleted; renders in the bin stay among the others.
    """

    name: str = "Untitled"
    subjects: tuple[str, ...] = ()
    shots: tuple[Shot, ...] = ()
    renders: tuple[Render, ...] = ()
    selected: str = ""
    timeline: Timeline = field(default_factory=Timeline)
    binned: tuple[Binned, ...] = ()
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no edit makes: ids are there once, and a shot is selected."""
        several_of = several(anything)
        yield from misfits(
            self, name=LABEL, subjects=several(is_name), shots=several_of, renders=several_of,
            binned=several_of,
        )  # fmt: skip
        for name, nouns in (("shots", self.shots), ("renders", self.renders)):
            if len({noun.id for noun in nouns}) != len(nouns):
                yield name
        if self.selected not in ({shot.id for shot in self.shots} or {""}):
            yield "selected"
        if next(faults_together(self.timeline, self.media), ""):
            yield "timeline"

    def shot(self, id: str) -> Shot:
        """The shot with that id; KeyError where there is none."""
        return self.shots[self.places[id]]

    def render(self, id: str) -> Render:
        """The render with that id; KeyError where there is none."""
        return _found(self.renders, id)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """At which place of `shots` each shot stands, by ids.  Where a shot is only another one of the
        same id it is the very same object, so that nobody need go through all shots at each key."""
        return {shot.id: place for place, shot in enumerate(self.shots)}

    def is_laid_out_as(self, other: "Project") -> bool:
        """Whether the two are one but for what stands in their shots."""
        same = self.places is other.places or self.places == other.places
        return same and all(getattr(self, part) is getattr(other, part) for part in PARTS)

    @cached_property
    def media(self) -> Mapping[str, Medium]:
        """How much there is of every take and asset, by their ids."""
        found = media_of(self.timeline)
        for render in self.renders:
            request = render.request
            with suppress(ValueError):  # nobody fills a role: it was never made
                every = request.frames_per_keyframe
                found[render.id] = Medium(request.frames, request.rate, every)
        return found

    @property
    def takes(self) -> tuple[Render, ...]:
        """Renders outside the bin, newest first."""
        return tuple(r for r in reversed(self.renders) if not r.in_bin)

    @property
    def bin(self) -> tuple[Render, ...]:
        """Renders in the bin, newest first."""
        return tuple(r for r in reversed(self.renders) if r.in_bin)


def _found(items, id: str):
    for item in items:
        if item.id == id:
            return item
    raise KeyError(id)
