"""A request unrolls into spans: the one list behind cache, plan, progress, cancel and resume."""

from collections.abc import Sequence
from itertools import pairwise

from studio.spec.between_spans import between, between_frames
from studio.spec.frame_spans import (
    DECODE_CHUNK,
    decode_spans,
    last_spans,
    upsample_spans,
    wanted,
)
from studio.spec.part import FRAMES
from studio.spec.request import ClipRequest
from studio.spec.sources import Sources, gathered, space_of
from studio.spec.span import Frame, Span
from studio.spec.strip import Strip, fresh


def spans(request: ClipRequest) -> tuple[Span, ...]:
    """The spans of a request, in an order in which each finds its inputs made."""
    strip = strip_of(request)
    sources = Sources(request, strip)
    is_mixed = any(key.space == FRAMES for key in sources.keyframes())
    make = _mixed if is_mixed else _plain
    walk = make(request, sources)
    if request.upsample:
        walk += upsample_spans(request, last_spans(walk), loop=strip.loop)
    return wanted(walk, request.only)


def last_keys(walk: Sequence[Span]) -> tuple[str, ...]:
    """The keys of the spans whose frames are the clip, in order."""
    return tuple(span.key for span in last_spans(walk))


def _plain(request: ClipRequest, sources: Sources) -> list[Span]:
    """All keyframes are latents."""
    shown = _frames_first if request.interpolates_frames else _latents_first
    return sources.walk + shown(request, sources.keyframes(), loop=sources.strip.loop)


def _mixed(request: ClipRequest, sources: Sources) -> list[Span]:
    """Some keyframes were filled as frames: these are the clip's as they are, unless latents are put
    between them."""
    strip = sources.strip
    if request.interpolate and not request.interpolates_frames:
        latents = [sources.encoded(key) for key in strip.keys]
        return sources.walk + _latents_first(request, latents, loop=strip.loop)
    shown = [sources.shown(key) for key in strip.keys]
    if not request.interpolate:
        return sources.walk + gathered(request, shown, DECODE_CHUNK)
    return sources.walk + _between_shown(request, shown, loop=strip.loop)


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
    return made + _between_shown(request, shown, loop=loop)


def _between_shown(request: ClipRequest, shown: Sequence[Frame], *, loop: bool) -> list[Span]:
    made: list[Span] = []
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
    return tuple(Sources(request, strip).spans)


def keyframes(strip: Strip, sources: Sequence[Span]) -> tuple[Frame, ...]:
    """Where each keyframe of a strip is found, given the spans of its sources."""
    return tuple(
        Frame(made.key, key.frame, strip.position(key), space_of(made))
        for key, made in ((key, sources[key.source]) for key in strip.keys)
    )
