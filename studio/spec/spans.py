"""A request unrolls into spans: the one list behind cache, plan, progress, cancel and resume."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise

from studio.spec.frame_spans import decode_spans, upsample_spans, wanted
from studio.spec.request import ClipRequest, SubjectUse
from studio.spec.span import Frame, Read, Span, reads_of, said, span_key, weights
from studio.spec.strip import Source, Strip, fresh

BETWEEN = 3
"""Frames that a pass of interpolation puts between two: T frames become 4T − 3 (section 3.3)."""
WORDS = Source()
"""What says nothing of its own: seed and words are the request's."""


def spans(request: ClipRequest) -> tuple[Span, ...]:
    """The spans of a request, in an order in which each finds its inputs made."""
    strip = strip_of(request)
    sources = source_spans(request, strip)
    keys = keyframes(strip, sources)
    walk = [span for span in sources if span.stage != "take"]
    parts: list[list[Frame]] = [[key] for key in keys]
    if request.interpolate:
        ends = [*keys, keys[0]] if strip.loop else keys
        parts = []
        for one, other in pairwise(ends):
            made, frames = between(request, one, other)
            walk += made
            parts.append(frames)
        if not strip.loop:
            parts.append([keys[-1]])
    decoded = decode_spans(request, parts, loop=strip.loop)
    larger = upsample_spans(request, decoded, loop=strip.loop) if request.upsample else []
    return wanted((*walk, *decoded, *larger), request.only)


def seed_of(span: Span) -> int:
    """The seed of a span's noise: its source's own, or the request's."""
    return span.request.seed if span.source.seed is None else span.source.seed


def strip_of(request: ClipRequest) -> Strip:
    """The strip of the keyframe desk, or the one that words alone make."""
    if request.strip is not None:
        return request.strip
    return fresh(request.keyframes, request.window, extend=request.extend, loop=request.loop)


def source_spans(request: ClipRequest, strip: Strip) -> tuple[Span, ...]:
    """One span per source of a strip; a taken frame's is already made."""
    made: list[Span] = []
    for source in strip.sources:
        if source.take:
            made.append(Span("take", (), (), (), source.take, request, source))
        elif source.picture:
            made.append(picture_span(request, source))
        else:
            made.append(keyframe_span(request, source, made))
    return tuple(made)


def keyframes(strip: Strip, sources: Sequence[Span]) -> tuple[Frame, ...]:
    """Where each keyframe of a strip is found, given the spans of its sources."""
    return tuple(
        Frame(sources[key.source].key, key.frame, strip.position(key)) for key in strip.keys
    )


def keyframe_span(request: ClipRequest, source: Source, made: Sequence[Span]) -> Span:
    """All frames of a window at once: they share attention, so they are one span."""
    given = [key and (made[key.source].key, key.frame) for key in source.given]
    inputs, reads = reads_of(given)
    makes = tuple(range(source.first, source.first + len(source.given)))
    meant = _meant(request, "keyframes", source) | (_context(request, reads) if inputs else {})
    key = span_key("keyframes", makes, inputs, meant)
    return Span("keyframes", makes, reads, inputs, key, request, source)


def picture_span(request: ClipRequest, source: Source) -> Span:
    """A picture that the user brought, fitted to the clip's size and encoded."""
    meant = {
        "picture": source.picture,
        "size": (request.width, request.height),
        "weights": weights(request, "picture"),
    }
    return Span("picture", (0,), (), (), span_key("picture", (0,), (), meant), request, source)


def between(request: ClipRequest, one: Frame, other: Frame) -> tuple[list[Span], list[Frame]]:
    """The passes of interpolation from a keyframe to the next, and the frames from the first to
    just before the second.

    Its noise lies where the first keyframe was made, so that it stays what it is when keyframes
    are put in or taken out elsewhere.
    """
    made: list[Span] = []
    frames = [one]
    for rank in range(1, request.interpolate + 1):
        span = interpolation_span(request, rank, [*frames, other])
        made.append(span)
        at = iter(range(len(span.makes)))
        start = 4 * frames[0].position
        frames = [
            Frame(frame.key, frame.frame, 4 * frame.position) if step == 0
            else Frame(span.key, next(at), start + 4 * k + step)
            for k, frame in enumerate(frames)
            for step in range(BETWEEN + 1)
        ]  # fmt: skip
    return made, frames


def interpolation_span(request: ClipRequest, rank: int, frames: Sequence[Frame]) -> Span:
    """`BETWEEN` frames after each but the last of `frames`."""
    given: list[tuple[str, int] | None] = []
    for frame in frames:
        given += [(frame.key, frame.frame), *(None,) * BETWEEN]
    inputs, reads = reads_of(given[: -BETWEEN or None])
    start = 4 * frames[0].position
    makes = tuple(start + k for k, read in enumerate(reads) if read is None)
    meant = _meant(request, "interpolation") | _context(request, reads) | {"rank": rank}
    key = span_key("interpolation", makes, inputs, meant)
    return Span("interpolation", makes, reads, inputs, key, request, rank=rank)


def _meant(request: ClipRequest, stage: str, source: Source = WORDS) -> dict[str, object]:
    return {
        "prompt": request.prompt if source.prompt is None else source.prompt,
        "negative": request.negative,
        "size": (request.width, request.height),
        "fps": request.fps,
        "steps": request.steps,
        "guidance": request.guidance,
        "subject": _subject(request.subject) if request.subject else None,
        "weights": weights(request, stage),
        "seed": request.seed if source.seed is None else source.seed,
    }


def _context(request: ClipRequest, reads: Sequence[Read | None]) -> dict[str, object]:
    """What decides a fill beside what decides keyframes from words."""
    return {
        "reads": said(reads),
        "context guidance": request.context_guidance,
        "context noise": request.context_noise,
        "walked": request.walked,
    }


def _subject(use: SubjectUse) -> dict[str, object]:
    """All but the name: a subject may be renamed and its clips stay."""
    return {key: value for key, value in asdict(use).items() if key != "name"}
