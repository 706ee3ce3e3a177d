"""A request unrolls into spans: the one list behind cache, plan, progress, cancel and resume."""

from collections.abc import Sequence
from itertools import pairwise

from studio.spec.between_spans import between, between_frames
from studio.spec.frame_spans import decode_spans, last_spans, upsample_spans, wanted
from studio.spec.meaning import context, meant
from studio.spec.request import ClipRequest
from studio.spec.span import Frame, Span, reads_of, span_key
from studio.spec.strip import Source, Strip, fresh


def spans(request: ClipRequest) -> tuple[Span, ...]:
    """The spans of a request, in an order in which each finds its inputs made."""
    strip = strip_of(request)
    sources = source_spans(request, strip)
    keys = keyframes(strip, sources)
    walk = [span for span in sources if span.stage != "take"]
    shown = _frames_first if request.interpolates_frames else _latents_first
    walk += shown(request, keys, loop=strip.loop)
    if request.upsample:
        walk += upsample_spans(request, last_spans(walk), loop=strip.loop)
    return wanted(walk, request.only)


def last_keys(walk: Sequence[Span]) -> tuple[str, ...]:
    """The keys of the spans whose frames are the clip, in order."""
    return tuple(span.key for span in last_spans(walk))


def _latents_first(request: ClipRequest, keys: Sequence[Frame], *, loop: bool) -> list[Span]:
    """Latents between keyframes, and all of them decoded."""
    made: list[Span] = []
    parts: list[list[Frame]] = [[key] for key in keys]
    if request.interpolate:
        parts = []
        for one, other in _intervals(keys, loop=loop):
            spans, frames = between(request, one, other)
            made += spans
            parts.append(frames)
        if not loop:
            parts.append([keys[-1]])
    return made + decode_spans(request, parts, loop=loop)


def _frames_first(request: ClipRequest, keys: Sequence[Frame], *, loop: bool) -> list[Span]:
    """The keyframes decoded, and frames between them.  The last interval has both of its ends."""
    made = decode_spans(request, [[key] for key in keys], loop=loop)
    shown = [
        Frame(span.key, number, position)
        for span in made
        for number, position in enumerate(span.makes)
    ]
    intervals = _intervals(shown, loop=loop)
    for number, (one, other) in enumerate(intervals, start=1):
        ends = not loop and number == len(intervals)
        made += between_frames(request, one, other, ends=ends)
    return made


def _intervals(keys: Sequence[Frame], *, loop: bool) -> list[tuple[Frame, Frame]]:
    return list(pairwise([*keys, keys[0]] if loop else keys))


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
    """All frames of a window at once: they share attention, so they are one span.

    Made by the first part that can fill around the frames that are given.
    """
    given = [key and (made[key.source].key, key.frame) for key in source.given]
    inputs, reads = reads_of(given)
    makes = tuple(range(source.first, source.first + len(source.given)))
    known = tuple(frame is not None for frame in given)
    role = "holes" if any(known) else "keyframes"
    part = request.part(role, known)
    decides = meant(request, part, role, source) | (context(request, part, reads) if inputs else {})
    key = span_key("keyframes", makes, inputs, decides)
    return Span("keyframes", makes, reads, inputs, key, request, source, role=role, part=part)


def picture_span(request: ClipRequest, source: Source) -> Span:
    """A picture that the user brought, fitted to the clip's size and encoded."""
    part = request.part("codec")
    decides = {
        "picture": source.picture,
        "size": (request.width, request.height),
        "weights": part.encoding(),
    }
    key = span_key("picture", (0,), (), decides)
    return Span("picture", (0,), (), (), key, request, source, role="codec", part=part)
