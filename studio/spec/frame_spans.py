"""The spans from latents to frames, on one grid that no edit of a keyframe moves."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from studio.spec.request import ClipRequest
from studio.spec.span import Frame, Span, reads_of, said, span_key, weights

DECODE_CHUNK = 8
"""Frames per decode span, on a grid anchored at the keyframes; part of the key, never of the plan."""
DECODE_MARGIN = 4
"""Frames on either side of a chunk that a decoder which sees time also looks at."""
UPSAMPLE_MARGIN = 2
"""Frames on either side of a portion that an upsampler also looks at."""


def decode_spans(
    request: ClipRequest, parts: Sequence[Sequence[Frame]], *, loop: bool = False
) -> list[Span]:
    """Latents to frames in chunks of `DECODE_CHUNK`; none makes frames across an interpolated
    keyframe.  A decoder that sees time looks beyond its chunk, in a `loop` over the clip's end."""
    frames = [frame for part in parts for frame in part]
    sizes = [len(part) for part in parts] if request.interpolate else [len(frames)]
    beyond = margin("decoder" in dict(request.weights))
    made, start = [], 0
    for size in sizes:
        for first in range(start, start + size, DECODE_CHUNK):
            end = min(first + DECODE_CHUNK, start + size)
            seen, lead = around(frames, first, end, beyond, loop=loop)
            made.append(_decode_span(request, seen, lead, end - first))
        start += size
    return made


def margin(sees_time: bool) -> int:
    """How many frames on either side of a chunk a decoder looks at."""
    return DECODE_MARGIN if sees_time else 0


def around(
    frames: Sequence[Any], start: int, end: int, margin: int, *, loop: bool
) -> tuple[list[Any], int]:
    """Frames `start` to `end` with up to `margin` on either side, and how many lead the way."""
    low, high = start - margin, end + margin
    if not loop:
        low, high = max(0, low), min(len(frames), high)
    return [frames[k % len(frames)] for k in range(low, high)], start - low


def _decode_span(request: ClipRequest, seen: Sequence[Frame], lead: int, count: int) -> Span:
    inputs, reads = reads_of([(frame.key, frame.frame) for frame in seen])
    makes = tuple(frame.position for frame in seen[lead : lead + count])
    meant: dict[str, object] = {"weights": weights(request, "decode")}
    if said(reads) != [(0, position) for position in makes]:
        meant["reads"] = said(reads)
    if lead:
        meant["lead"] = lead
    key = span_key("decode", makes, inputs, meant)
    return Span("decode", makes, reads, inputs, key, request, lead=lead)


def upsample_spans(
    request: ClipRequest, decoded: Sequence[Span], *, loop: bool = False
) -> list[Span]:
    """Frames to larger frames, in the portions in which they were decoded (section 3.4: of eight)."""
    frames = [
        Frame(span.key, number, position)
        for span in decoded
        for number, position in enumerate(span.makes)
    ]
    made, start = [], 0
    for span in decoded:
        end = start + len(span.makes)
        seen, lead = around(frames, start, end, UPSAMPLE_MARGIN, loop=loop)
        made.append(_upsample_span(request, seen, lead, len(span.makes)))
        start = end
    return made


def _upsample_span(request: ClipRequest, seen: Sequence[Frame], lead: int, count: int) -> Span:
    inputs, reads = reads_of([(frame.key, frame.frame) for frame in seen])
    positions = tuple(frame.position for frame in seen)
    makes = positions[lead : lead + count]
    assert request.upsample is not None
    meant = {
        "reads": said(reads),
        "positions": positions,
        "lead": lead,
        "how": asdict(request.upsample),
        "prompt": request.prompt if request.upsample.guidance != 1.0 else "",
        "weights": weights(request, "upsample"),
        "seed": request.seed,
    }
    key = span_key("upsample", makes, inputs, meant)
    return Span("upsample", makes, reads, inputs, key, request, lead=lead, positions=positions)


def whole_chunks(request: ClipRequest, first: int, last: int) -> tuple[int, int]:
    """The range of frames that is made where `first` to `last` are wanted: whole chunks."""
    between = 4**request.interpolate if request.interpolate else request.whole_frames
    ends = _chunk(request, between, first), _chunk(request, between, last)
    return ends[0][0], ends[1][1]


def _chunk(request: ClipRequest, between: int, frame: int) -> tuple[int, int]:
    """First and last frame of the chunk in which a frame is decoded and upsampled."""
    start = frame // between * between
    start += (frame - start) // DECODE_CHUNK * DECODE_CHUNK
    end = min(start + DECODE_CHUNK, frame // between * between + between, request.whole_frames)
    return start, end - 1


def wanted(walk: Sequence[Span], only: tuple[int, int] | None) -> tuple[Span, ...]:
    """The spans that frames `only` (first, last) of the last stage need; all of them without."""
    if only is None:
        return tuple(walk)
    needed, frame = set[str](), 0
    for span in walk:
        if span.stage == walk[-1].stage:
            if frame <= only[1] and frame + len(span.makes) > only[0]:
                needed.add(span.key)
            frame += len(span.makes)
    for span in reversed(walk):
        if span.key in needed:
            needed.update(span.inputs)
    return tuple(span for span in walk if span.key in needed)
