"""The spans from latents to frames, on one grid that no edit of a keyframe moves."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from studio.spec.part import Part
from studio.spec.request import ClipRequest
from studio.spec.span import Frame, Read, Span, encode_reads, reads_of, span_key

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
    keyframe.  A decoder that sees time looks beyond its chunk, in a `loop` over the clip's end.

    Where a latent holds several frames, what was made at once is decoded at once: a latent of such
    a codec means nothing without those before it.
    """
    frames = [frame for part in parts for frame in part]
    codec = request.part("codec")
    if codec.grid.temporal > 1:
        return _whole_windows(request, frames)
    sizes = [len(part) for part in parts] if request.interpolate else [len(frames)]
    beyond = _context(request, codec)
    made, start = [], 0
    for size in sizes:
        for first in range(start, start + size, DECODE_CHUNK):
            end = min(first + DECODE_CHUNK, start + size)
            read, context_before = around(frames, first, end, beyond, loop=loop)
            made.append(_decode_span(request, read, context_before, end - first))
        start += size
    return made


def _whole_windows(request: ClipRequest, frames: Sequence[Frame]) -> list[Span]:
    """One span for each window whose frames follow one another from its first."""
    made = []
    grid = request.part("codec").grid
    for key, run in groupby(frames, key=lambda frame: frame.key):
        window = list(run)
        latents = range(grid.latents(len(window)))
        inputs, reads = reads_of([(key, latent) for latent in latents])
        makes = tuple(frame.position for frame in window)
        made.append(_decoded(request, makes, inputs, reads, {"reads": encode_reads(reads)}))
    return made


def _context(request: ClipRequest, codec: Part) -> int:
    """Latents on either side that a codec looks at; none where keyframes are decoded alone: they are
    seconds apart, and would all follow one that is edited."""
    if request.interpolates_frames:
        return 0
    return margin("decoder" in dict(codec.weights)) if codec.context is None else codec.context


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


def _decode_span(
    request: ClipRequest, read: Sequence[Frame], context_before: int, count: int
) -> Span:
    inputs, reads = reads_of([(frame.key, frame.frame) for frame in read])
    makes = tuple(frame.position for frame in read[context_before : context_before + count])
    more: dict[str, object] = {}
    if encode_reads(reads) != [(0, position) for position in makes]:
        more["reads"] = encode_reads(reads)
    if context_before:
        more["lead"] = context_before
    return _decoded(request, makes, inputs, reads, more, context_before)


def _decoded(
    request: ClipRequest,
    makes: tuple[int, ...],
    inputs: tuple[str, ...],
    reads: tuple[Read | None, ...],
    more: Mapping[str, object],
    context_before: int = 0,
) -> Span:
    part = request.part("codec")
    key = span_key("decode", makes, inputs, {"weights": part.named("codec"), **more})
    return Span(
        "decode", makes, reads, inputs, key, request,
        context_before=context_before, role="codec", part=part,
    )  # fmt: skip


def upsample_spans(
    request: ClipRequest, shown: Sequence[Span], *, loop: bool = False
) -> list[Span]:
    """Frames to larger frames, in the portions in which they were made (section 3.4: of eight)."""
    beyond = _beyond_portions(request.part("upscaler"))
    frames = [
        Frame(span.key, number, position)
        for span in shown
        for number, position in enumerate(span.makes)
    ]
    made, start = [], 0
    for span in shown:
        end = start + len(span.makes)
        read, context_before = around(frames, start, end, beyond, loop=loop)
        made.append(_upsample_span(request, read, context_before, len(span.makes)))
        start = end
    return made


def _beyond_portions(part: Part) -> int:
    """How many frames on either side of a portion are seen too; of a part that is an upsampler alone
    its card can say it."""
    alone = part.roles == ("upscaler",)
    return part.context if alone and part.context is not None else UPSAMPLE_MARGIN


def _upsample_span(
    request: ClipRequest, read: Sequence[Frame], context_before: int, count: int
) -> Span:
    inputs, reads = reads_of([(frame.key, frame.frame) for frame in read])
    positions = tuple(frame.position for frame in read)
    makes = positions[context_before : context_before + count]
    part = request.part("upscaler")
    assert request.upsample is not None
    meant = {
        "reads": encode_reads(reads),
        "positions": positions,
        "lead": context_before,
        "how": asdict(request.upsample),
        "prompt": request.prompt if request.upsample.guidance != 1.0 else "",
        "weights": part.named("upscaler"),
        "seed": request.seed,
    }
    key = span_key("upsample", makes, inputs, meant)
    return Span(
        "upsample", makes, reads, inputs, key, request,
        context_before=context_before, positions=positions, role="upscaler", part=part,
    )  # fmt: skip


def whole_chunks(request: ClipRequest, first: int, last: int) -> tuple[int, int]:
    """The range of frames that is made where `first` to `last` are wanted: whole chunks."""
    return _chunk(request, first)[0], _chunk(request, last)[1]


def _chunk(request: ClipRequest, frame: int) -> tuple[int, int]:
    """First and last frame of the chunk in which a frame is decoded and upsampled."""
    whole = request.whole_frames
    interval = request.frames_per_keyframe if request.interpolate else whole
    start = frame // interval * interval
    if request.interpolates_frames:  # made at once, the last one with its end
        start = min(start, max(0, whole - 2) // interval * interval)
        end = start + interval
        return start, whole - 1 if end >= whole - 1 else end - 1
    end = min(start + interval, whole)
    start += (frame - start) // DECODE_CHUNK * DECODE_CHUNK
    return start, min(start + DECODE_CHUNK, end) - 1


def last_spans(walk: Sequence[Span]) -> list[Span]:
    """The spans whose frames are the clip, in order: of the last stage, and of its last pass."""
    last = walk[-1]
    return [span for span in walk if (span.stage, span.pass_index) == (last.stage, last.pass_index)]


def wanted(walk: Sequence[Span], only: tuple[int, int] | None) -> tuple[Span, ...]:
    """The spans that frames `only` (first, last) of the last stage need; all of them without."""
    if only is None:
        return tuple(walk)
    needed, frame = set[str](), 0
    for span in last_spans(walk):
        if frame <= only[1] and frame + len(span.makes) > only[0]:
            needed.add(span.key)
        frame += len(span.makes)
    for span in reversed(walk):
        if span.key in needed:
            needed.update(span.inputs)
    return tuple(span for span in walk if span.key in needed)
