"""Looks a forecast up on the disk: what is stored of a shot, how long the rest takes, pictures.

Nothing here touches the window: it runs on another thread.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from studio.jobs.payloads import RenderPayload
from studio.spec.amounts import amount, kind_of_work
from studio.spec.forecast import Forecast, StageForecast, forecast, upsampled_forecast
from studio.spec.frame_spans import decode_spans
from studio.spec.part import FRAMES
from studio.spec.request import ClipRequest
from studio.spec.span import Span
from studio.spec.spans import spans, strip_of
from studio.spec.stages import STAGES, sparse, stage_of, until
from studio.ui.state.images import image, shrunk

if TYPE_CHECKING:
    from studio.project.takes import TakeStore

SHOWING = ("decode", "show")
"""Stages that make frames of latents."""
SAMPLED = 5
"""Span results of each stage whose seconds are read."""

Place = tuple[str, int]
"""A keyframe's span key and its frame in there."""
Needs = Mapping[str, float | None]
Walk = tuple[Span, ...]


@dataclass(frozen=True)
class Wanted:
    """What is looked up: the shot's clip, the same upsampled, the stages that were made for the
    shot once, payloads of running jobs, and of these the spans that were unrolled before."""

    clip: ClipRequest
    upsampled: ClipRequest | None
    before: frozenset[str]
    jobs: Mapping[int, RenderPayload]
    walks: Mapping[int, Walk]


@dataclass(frozen=True)
class Found:
    """`pace` is that of each kind of work; `walks` the spans of running jobs, `makes` the stages of
    the shot that a job makes some of, `needs` the seconds that are left of a job by stage."""

    forecast: Forecast
    upsampled: StageForecast | None
    pace: Mapping[str, float]
    pictures: Mapping[Place, QImage]
    walks: Mapping[int, Walk]
    makes: Mapping[int, frozenset[str]]
    needs: Mapping[int, Needs]


def look_up(
    wanted: Wanted, span_results: "TakeStore", pace: Mapping[str, float], known: Collection[Place]
) -> Found:
    """Unroll the request once and ask the store for the result of every span.

    `pace` is what was measured before, `known` the keyframes whose pictures are there already.
    """
    walk = spans(wanted.upsampled or wanted.clip)
    pace = {**pace, **measured(walk, span_results)}
    clip = tuple(span for span in walk if span.stage != "upsample")
    found = forecast(wanted.clip, span_results.has, pace, before=wanted.before, walk=clip)
    upsampled = None
    if wanted.upsampled:
        upsampled = upsampled_forecast(walk, span_results.has, pace, before=wanted.before)
    keys = {span.key for span in walk}
    walks = {id: wanted.walks.get(id) or _walk_of(payload) for id, payload in wanted.jobs.items()}
    makes = {id: frozenset(stage_of(s) for s in w if s.key in keys) for id, w in walks.items()}
    needs = {id: _needs(made, span_results, pace) for id, made in walks.items()}
    pictures = _pictures(found, clip, span_results, known)
    return Found(found, upsampled, pace, pictures, walks, makes, needs)


def _walk_of(payload: RenderPayload) -> Walk:
    """The spans that a job makes."""
    return until(spans(payload.request), payload.until or STAGES[-1])


def _needs(walk: Walk, span_results: "TakeStore", pace: Mapping[str, float]) -> Needs:
    """The seconds that what is missing of a walk will take, by the stage of its spans."""
    needs: dict[str, float | None] = {}
    for span in (span for span in walk if not span_results.has(span.key)):
        so_far, each = needs.get(span.stage, 0.0), pace.get(kind_of_work(span))
        needs[span.stage] = None
        if so_far is not None and each is not None:
            needs[span.stage] = so_far + each * amount(span)
    return needs


def measured(walk: Walk, span_results: "TakeStore") -> dict[str, float]:
    """The pace of what is there; the median, for the first one of a kind also loads."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for span in walk:
        known = seconds[kind_of_work(span)]
        if len(known) < SAMPLED and (record := span_results.record(span.key)):
            spent = record.get("facts", {}).get("seconds")
            if isinstance(spent, int | float):
                known.append(spent / amount(span))
    return {kind: median(some) for kind, some in seconds.items() if some}


def _pictures(
    found: Forecast, walk: Walk, span_results: "TakeStore", known: Collection[Place]
) -> dict[Place, QImage]:
    """The pictures of keyframes that were decoded, alone or in the clip, and not known yet."""
    made: dict[Place, QImage] = {}
    wanted = {(key.key, key.frame) for key in found.keyframes}.difference(known)
    if not wanted:
        return made
    for key in (key for key in found.keyframes if key.space == FRAMES):
        if (key.key, key.frame) in wanted and span_results.has(key.key):
            frames = (span_results.get(key.key) or {"frames": ()})["frames"]
            if key.frame < len(frames):
                made[key.key, key.frame] = shrunk(image(frames[key.frame]))
    wanted -= made.keys()
    for span in (*_alone(found), *(span for span in walk if span.stage in SHOWING and span.role)):
        places = _places(span)
        if not wanted.intersection(places) or not span_results.has(span.key):
            continue
        arrays = span_results.get(span.key) or {"frames": ()}
        for place, frame in zip(places, arrays["frames"], strict=False):
            if place in wanted:
                made[place] = shrunk(image(frame))
        wanted -= made.keys()
    return made


def _alone(found: Forecast) -> Sequence[Span]:
    """The spans that show keyframes without anything between them."""
    request, keys = found.request, found.keyframes
    if any(key.space == FRAMES for key in keys):
        return [span for span in spans(sparse(request)) if span.stage == "show"]
    return decode_spans(sparse(request), [[key] for key in keys], loop=strip_of(request).loop)


def _places(span: Span) -> list[Place | None]:
    """Of each frame that a span shows, where it was as a latent; of latents that hold several
    frames, which frame of theirs it is."""
    if len(span.reads) < len(span.makes):
        return [(span.inputs[0], number) for number in range(len(span.makes))]
    reads = span.reads[span.context_before : span.context_before + len(span.makes)]
    return [read and (span.inputs[read.input], read.frame) for read in reads]
