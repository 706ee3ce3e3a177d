"""A request unrolls into spans: the one list behind cache, plan, progress, cancel and resume."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction

from studio.spec.request import ClipRequest, SubjectUse

# Raising a revision is a deliberate act: every stored result of that stage becomes stale.
REVISIONS = {"keyframes": 1, "decode": 1}
DECODE_CHUNK = 8
"""Frames per decode span, on a grid anchored at frame 0; part of the key, never of the plan."""


@dataclass(frozen=True, slots=True)
class Span:
    """One stage's work on some frames.  `inputs` are the keys of the spans it reads."""

    stage: str
    makes: tuple[int, ...]
    reads: tuple[int, ...]
    inputs: tuple[str, ...]
    key: str
    request: ClipRequest = field(repr=False, compare=False)


def spans(request: ClipRequest) -> tuple[Span, ...]:
    """The spans of a request, in an order in which each finds its inputs made."""
    keys = keyframe_span(request)
    return (keys, *decode_spans(request, keys))


def keyframe_span(request: ClipRequest) -> Span:
    """All keyframes at once: they share attention, so they are one span."""
    meant = {
        "prompt": request.prompt,
        "negative": request.negative,
        "size": (request.width, request.height),
        "fps": request.fps,
        "steps": request.steps,
        "guidance": request.guidance,
        "subject": _subject(request.subject) if request.subject else None,
        "weights": _weights(request, "image", "temporal", "text"),
        "seed": request.seed,
    }
    makes = tuple(range(request.keyframes))
    return Span("keyframes", makes, (), (), span_key("keyframes", makes, (), meant), request)


def decode_spans(request: ClipRequest, source: Span) -> tuple[Span, ...]:
    """Latents to frames in chunks of `DECODE_CHUNK`."""
    meant = {"weights": _weights(request, "autoencoder")}
    made = []
    for start in range(0, len(source.makes), DECODE_CHUNK):
        frames = source.makes[start : start + DECODE_CHUNK]
        key = span_key("decode", frames, (source.key,), meant)
        made.append(Span("decode", frames, frames, (source.key,), key, request))
    return tuple(made)


def span_key(
    stage: str, makes: tuple[int, ...], inputs: tuple[str, ...], meant: Mapping[str, object]
) -> str:
    """BLAKE2b (32 hex digits) of everything that is meant to decide the span's result."""
    whole = [stage, REVISIONS[stage], makes, inputs, meant]
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _subject(use: SubjectUse) -> dict[str, object]:
    """All but the name: a subject may be renamed and its clips stay."""
    return {key: value for key, value in asdict(use).items() if key != "name"}


def _plain(value: object) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a key")


def _weights(request: ClipRequest, *roles: str) -> list[tuple[str, str]]:
    return [(role, identity) for role, identity in request.weights if role in roles]
