"""The spans of interpolation: frames between two keyframes, pass after pass (section 3.3).

Its noise lies where the first keyframe was made, so that it stays what it is when keyframes are put
in or taken out elsewhere.
"""

from collections.abc import Sequence

from studio.spec.meaning import context, meant
from studio.spec.request import ClipRequest
from studio.spec.span import Found, Frame, Span, reads_of, span_key


def between(request: ClipRequest, one: Frame, other: Frame) -> tuple[list[Span], list[Frame]]:
    """In latents: the passes from a keyframe to the next, and the frames from the first to just
    before the second.  A span holds what its pass put between.
    """
    made: list[Span] = []
    frames = [one]
    for index in range(1, request.interpolate + 1):
        span = _span(request, index, [*frames, other])
        made.append(span)
        frames = _denser(frames, span)
    return made, frames


def between_frames(request: ClipRequest, one: Frame, other: Frame, *, ends: bool) -> list[Span]:
    """In frames: the passes from a decoded keyframe to the next.

    A span holds all frames from the first to just before the second, known ones as they are, so
    that the last spans one after the other are the clip; where it `ends` there, the second too.
    """
    made: list[Span] = []
    frames = [one]
    for index in range(1, request.interpolate + 1):
        whole = ends and index == request.interpolate
        span = _span(request, index, [*frames, other], whole=True, ends=whole)
        made.append(span)
        count = len(span.reads) - 1
        frames = [Frame(span.key, k, span.makes[0] + k) for k in range(count)]
    return made


def _span(
    request: ClipRequest,
    index: int,
    frames: Sequence[Frame],
    *,
    whole: bool = False,
    ends: bool = False,
) -> Span:
    """Frames after each but the last of `frames`; `whole` with those that are known, and the last
    of them where it `ends`."""
    part = request.part("interpolator")
    holes = part.factor - 1
    given: list[Found | None] = []
    for frame in frames:
        given += [(frame.key, frame.frame), *(None,) * holes]
    inputs, reads = reads_of(given[:-holes])
    start = part.factor * frames[0].position
    last = len(reads) - 1
    makes = tuple(
        start + k for k, read in enumerate(reads) if read is None or (whole and (k < last or ends))
    )
    decides = meant(request, part, "interpolator") | context(request, part, reads) | {"rank": index}
    if part.factor != 4:
        decides["factor"] = part.factor
    if whole:
        decides["space"] = part.space
    key = span_key("interpolation", makes, inputs, decides)
    return Span(
        "interpolation", makes, reads, inputs, key, request,
        pass_index=index, role="interpolator", part=part,
    )  # fmt: skip


def _denser(frames: Sequence[Frame], span: Span) -> list[Frame]:
    """`frames` and what a span puts after each of them."""
    factor, at = span.part.factor, iter(range(len(span.makes)))
    start = factor * frames[0].position
    return [
        Frame(frame.key, frame.frame, factor * frame.position) if step == 0
        else Frame(span.key, next(at), start + factor * k + step)
        for k, frame in enumerate(frames)
        for step in range(factor)
    ]  # fmt: skip
