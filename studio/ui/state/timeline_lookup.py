"""Looks up how the clips of a timeline stand: what is stored of each, what is to be made, how long.

Nothing here touches the window: it runs on another thread.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from studio.project.shot import Shot
from studio.project.subject import Subject
from studio.spec.draft import is_draft_of
from studio.spec.forecast import Has
from studio.spec.frame_spans import last_spans
from studio.spec.request import ClipRequest
from studio.spec.span import Span
from studio.spec.timeline.clip import Clip
from studio.spec.timeline.states import CHANGED, TO_MAKE, Plan, Walks, Wanted, plan, wish_of
from studio.spec.timeline.timeline import Timeline
from studio.ui.state.forecast_lookup import measured
from studio.ui.state.frames import Part
from studio.ui.state.model_list import FoundModels
from studio.ui.state.shot_state import resolve

if TYPE_CHECKING:
    from studio.project.takes import TakeStore

Range = tuple[int, int]
"""The first frame of a medium, and the one after the last."""
MOST_WALKS = 300
"""Requests whose spans are kept unrolled."""


@dataclass(frozen=True)
class TakeFrames:
    """Where the frames of a take are stored: `parts` in order, `missing` the keys of those that are
    not; `width` and `height` of a frame."""

    parts: tuple[Part, ...]
    missing: frozenset[str]
    width: int
    height: int

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        return tuple(accumulate(part.frames for part in self.parts))

    @property
    def count(self) -> int:
        """How many frames there are, stored or not."""
        return self._ends[-1] if self._ends else 0

    def place(self, frame: int) -> tuple[int, int] | None:
        """The number of the part that holds a frame, and the frame's in there; None beyond the end,
        and where that part is not stored."""
        number = bisect_right(self._ends, frame)
        if frame < 0 or number == len(self.parts) or self.parts[number].key in self.missing:
            return None
        return number, frame - (self._ends[number] - self.parts[number].frames)

    def key(self, frame: int) -> tuple[str, int] | None:
        """The key of that part, and the frame's number in there."""
        found = self.place(frame)
        return found and (self.parts[found[0]].key, found[1])


NOWHERE = TakeFrames((), frozenset(), 0, 0)
"""Of a take that is gone."""


@dataclass(frozen=True)
class Asked:
    """What is looked up: a timeline, the requests of takes, and what shots are made of now."""

    timeline: Timeline
    takes: Mapping[str, ClipRequest]
    shots: Sequence[Shot]
    subjects: Sequence[Subject]
    models: FoundModels


@dataclass(frozen=True)
class Found:
    """`holes` are the frames of each clip's medium that a render would make, by the clip's id;
    `wishes` what each clip would be rendered of now; `drafts` the clips that show a draft of that."""

    plan: Plan
    takes: Mapping[str, TakeFrames]
    holes: Mapping[str, tuple[Range, ...]]
    wishes: Mapping[str, ClipRequest]
    drafts: frozenset[str] = frozenset()


class TimelineLookup:
    """Remembers the spans of requests and the pace of stages from one look to the next."""

    def __init__(self, span_results: "TakeStore") -> None:
        self._span_results, self._walks = span_results, Walks()
        self._pace: dict[str, float] = {}

    @property
    def pace(self) -> Mapping[str, float]:
        """The pace of each kind of work, of what was looked at."""
        return dict(self._pace)

    def look(self, asked: Asked) -> Found:
        """How everything stands; each key is asked for once."""
        there: dict[str, bool] = {}

        def has(key: str) -> bool:
            if key not in there:
                there[key] = self._span_results.has(key)
            return there[key]

        if len(self._walks) > MOST_WALKS:
            self._walks = Walks()
        clips = _footage(asked.timeline)
        shots = _wanted({c.footage.shot for c in clips if c.footage}, asked)
        wishes = {c.id: w for c in clips if (w := wish_of(c, asked.takes, shots)) is not None}
        for wish in set(wishes.values()):
            self._pace |= measured(self._walks.of(wish), self._span_results)
        found = plan(asked.timeline, asked.takes, shots, has, self._pace, walks=self._walks)
        shown = {c.footage.take for c in clips if c.footage}
        takes = {take: self._frames(asked.takes.get(take), has) for take in shown}
        holes = {
            clip.id: _holes(self._walks.of(wishes[clip.id]), has)
            for clip in clips
            if found.states.get(clip.id) in (CHANGED, TO_MAKE) and clip.id in wishes
        }
        drafts = frozenset(
            clip.id
            for clip in clips
            if clip.id in wishes and clip.footage and clip.footage.take in asked.takes
            if found.states.get(clip.id) == CHANGED
            if is_draft_of(asked.takes[clip.footage.take], wishes[clip.id])
        )
        return Found(found, takes, holes, wishes, drafts)

    def _frames(self, request: ClipRequest | None, has: Has) -> TakeFrames:
        if request is None:
            return NOWHERE
        last = last_spans(self._walks.of(request))
        parts = tuple(Part(span.key, len(span.makes)) for span in last)
        missing = frozenset(part.key for part in parts if not has(part.key))
        width, height = request.size
        return TakeFrames(parts, missing, width, height)


def _footage(timeline: Timeline) -> list[Clip]:
    """The clips that show a shot."""
    tracks = (track for track in timeline.tracks if track.kind == "video")
    return [c for track in tracks for c in track.clips if c.footage and c.footage.shot]


def _wanted(used: set[str], asked: Asked) -> dict[str, Wanted]:
    """What the shots are that clips show; one that cannot be made is left out."""
    found = {}
    for shot in (shot for shot in asked.shots if shot.id in used):
        request = resolve(shot, asked.subjects, asked.models).request
        if request is not None:
            chosen = shot.seed_locked or shot.strip is not None
            found[shot.id] = Wanted(request, any_seed=not chosen)
    return found


def _holes(walk: Sequence[Span], has: Has) -> tuple[Range, ...]:
    """The frames of a clip that are not stored, those that follow one another as one."""
    ranges: list[Range] = []
    at = 0
    for span in last_spans(walk):
        end = at + len(span.makes)
        if not has(span.key) and ranges and ranges[-1][1] == at:
            ranges[-1] = (ranges[-1][0], end)
        elif not has(span.key):
            ranges.append((at, end))
        at = end
    return tuple(ranges)
