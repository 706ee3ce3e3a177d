"""The stages of a shot as its user sees them, each a part of the list of spans."""

from dataclasses import dataclass, replace

from studio.spec.request import ClipRequest
from studio.spec.span import Span
from studio.spec.spans import strip_of

STAGES = ("keyframes", "extended", "interpolated", "decoded", "upsampled")

LATER = {"interpolation": "interpolated", "decode": "decoded", "upsample": "upsampled"}
"""The stages that are made of keyframes, by the stage of their spans."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One of `STAGES` and the spans that make it; none where the request has no such stage."""

    name: str
    spans: tuple[Span, ...]


def stage_of(span: Span) -> str:
    """Which of `STAGES` a span belongs to."""
    if span.stage in LATER:
        return LATER[span.stage]
    return "extended" if span.source.is_prediction else "keyframes"


def stages(walk: tuple[Span, ...]) -> tuple[Stage, ...]:
    """All spans of a request by stage, in the order in which they are made."""
    return tuple(
        Stage(name, tuple(span for span in walk if stage_of(span) == name))
        for name in in_order(walk[0].request)
    )


def in_order(request: ClipRequest) -> tuple[str, ...]:
    """`STAGES` as a request makes them: frames may be put between before the codec or behind it."""
    if request.interpolates_frames:
        return ("keyframes", "extended", "decoded", "interpolated", "upsampled")
    return STAGES


def stages_in(request: ClipRequest) -> frozenset[str]:
    """The names of the stages that a request has, without unrolling it."""
    extended = any(source.is_prediction for source in strip_of(request).sources)
    there = (True, extended, request.interpolate > 0, True, request.upsample is not None)
    return frozenset(name for name, is_there in zip(STAGES, there, strict=True) if is_there)


def until(walk: tuple[Span, ...], stage: str) -> tuple[Span, ...]:
    """The spans up to and with a stage."""
    order = in_order(walk[0].request)
    wanted = order[: order.index(stage) + 1]
    return tuple(span for span in walk if stage_of(span) in wanted)


def sparse(request: ClipRequest, *, extended: bool = True) -> ClipRequest:
    """The request for its keyframes alone, as they are looked at before anything is put between.

    Without those that were `extended` by prediction, if so wished.
    """
    small = replace(request, interpolate=0, upsample=None, only=None)
    if extended or not any(source.is_prediction for source in strip_of(request).sources):
        return small
    if request.strip is None:
        return replace(small, extend=0, loop=False)
    strip = request.strip
    keys = tuple(key for key in strip.keys if not strip.sources[key.source].is_prediction)
    return replace(small, strip=replace(strip, keys=keys, loop=False))


def before_upsampling(request: ClipRequest) -> str:
    """The stage whose frames an upsampler reads."""
    return "interpolated" if request.interpolates_frames else "decoded"
