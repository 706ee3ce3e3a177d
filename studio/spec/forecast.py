"""What a render would make and what is there already, before anything is made.

The same list of spans that a render walks, so that the two cannot disagree.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from studio.spec.amounts import amount, kind_of_work
from studio.spec.request import ClipRequest
from studio.spec.span import Frame, Span
from studio.spec.spans import keyframes, source_spans, spans, strip_of
from studio.spec.stages import LATER, Stage, stage_of, stages
from studio.spec.strip import Strip

Has = Callable[[str], bool]
Pace = Mapping[str, float]
"""Seconds that one of `studio.spec.amounts` took, by the kind of work."""

TO_MAKE, OUT_OF_DATE, MADE, ABSENT = "to make", "out of date", "made", "none"
"""How a stage stands: all or some of it is to be made; it was made for other words or keyframes;
it is there; it is no part of the clip."""


@dataclass(frozen=True, slots=True)
class Work:
    """Frames in all, frames still to be made, and the seconds that these will take, None where
    nothing like it was made yet."""

    frames: int
    missing: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class StageForecast:
    """A stage of `studio.spec.stages`, how it stands, and the work in it."""

    name: str
    state: str
    work: Work


@dataclass(frozen=True, slots=True)
class Forecast:
    """`keyframes` say where each keyframe of the strip is found, `made` whether it is there;
    `intervals` are the work between each and the next."""

    request: ClipRequest
    stages: tuple[StageForecast, ...]
    keyframes: tuple[Frame, ...]
    made: tuple[bool, ...]
    intervals: tuple[Work, ...]

    @property
    def work(self) -> Work:
        """All that a render would do."""
        return in_all(stage.work for stage in self.stages)

    @property
    def clip(self) -> Work:
        """The work of the last stage that is part of the clip: its frames are the clip's."""
        return [stage.work for stage in self.stages if stage.state != ABSENT][-1]


def forecast(
    request: ClipRequest,
    has: Has,
    pace: Pace,
    *,
    before: Collection[str] = (),
    walk: tuple[Span, ...] | None = None,
) -> Forecast:
    """Look at all spans of a request.

    `has` tells whether a key is stored; `before` names the stages that were made for the shot once,
    whatever it was then.  `walk` are the request's spans where they have been unrolled already.
    """
    walk, strip = spans(request) if walk is None else walk, strip_of(request)
    there = {span.key: has(span.key) for span in walk}
    keys = keyframes(strip, source_spans(request, strip))
    parts = []
    for stage in stages(walk):
        work = in_all(work_of(span, there, pace) for span in stage.spans)
        if stage.name not in LATER.values():
            work = _shown(work, stage, strip, keys, there)
        parts.append(StageForecast(stage.name, _state(stage, there, before), work))
    return Forecast(
        request,
        tuple(parts),
        keys,
        tuple(there.get(key.key, True) for key in keys),  # a locked one is in no span
        _intervals(request, walk, there, pace, len(keys) - (not strip.loop)),
    )


def upsampled_forecast(
    walk: tuple[Span, ...], has: Has, pace: Pace, *, before: Collection[str] = ()
) -> StageForecast:
    """How the upsampling stands of a clip with these spans."""
    stage = stages(walk)[-1]
    there = {span.key: has(span.key) for span in stage.spans}
    work = in_all(work_of(span, there, pace) for span in stage.spans)
    return StageForecast(stage.name, _state(stage, there, before), work)


def _intervals(
    request: ClipRequest, walk: tuple[Span, ...], there: Mapping[str, bool], pace: Pace, count: int
) -> tuple[Work, ...]:
    """The work of each interval: its passes, and the frames in it decoded and upsampled."""
    found: list[list[Work]] = [[] for _ in range(count)]
    between = [span for span in walk if stage_of(span) == "interpolated"]
    for number, span in enumerate(between):
        found[number // request.interpolate].append(work_of(span, there, pace))
    for stage in ("decoded", "upsampled") if request.interpolate else ():
        frame = 0
        apart = stage == "decoded" and request.interpolates_frames  # keyframes alone
        dense = 1 if apart else request.frames_per_keyframe
        for span in (span for span in walk if stage_of(span) == stage):
            if frame // dense < count:
                found[frame // dense].append(work_of(span, there, pace))
            frame += len(span.makes)
    return tuple(in_all(works) for works in found)


def _shown(
    work: Work, stage: Stage, strip: Strip, keys: Sequence[Frame], there: Mapping[str, bool]
) -> Work:
    """The keyframes of the strip alone, each once: not those that others have replaced, although
    they are made too where new ones lean on them."""
    mine = [
        there.get(found.key, True)  # a locked one is in no span
        for key, found in zip(strip.keys, keys, strict=True)
        if strip.sources[key.source].is_prediction == (stage.name == "extended")
    ]
    missing = mine.count(False) or work.missing
    return Work(max(len(mine), missing), missing, work.seconds)


def _state(stage: Stage, there: Mapping[str, bool], before: Collection[str]) -> str:
    found = [there[span.key] for span in stage.spans]
    if not found:
        return ABSENT
    if all(found):
        return MADE
    return OUT_OF_DATE if stage.name in before else TO_MAKE


def work_of(span: Span, there: Mapping[str, bool], pace: Pace) -> Work:
    """The work in one span, by whether it is there and the pace of its kind of work."""
    if there[span.key]:
        return Work(len(span.makes), 0, 0.0)
    each = pace.get(kind_of_work(span))
    return Work(len(span.makes), len(span.makes), each and each * amount(span))


def in_all(works: Iterable[Work]) -> Work:
    """Work put together; its seconds are unknown where those of a part are."""
    works = tuple(works)
    unknown = any(work.seconds is None for work in works)
    return Work(
        sum(work.frames for work in works),
        sum(work.missing for work in works),
        None if unknown else sum(work.seconds or 0.0 for work in works),
    )
