"""One tile made larger, to look at before the whole is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.spec.frame_spans import whole_chunks
from studio.spec.progress import Preview, Progress, Tick
from studio.spec.request import ClipRequest
from studio.spec.span import Span
from studio.spec.spans import spans

if TYPE_CHECKING:
    from studio.engine.roles import Upscaler
    from studio.project.takes import TakeStore


def portion(request: ClipRequest, frame: int) -> Span:
    """The span that upsamples a frame and those around it."""
    return spans(replace(request, only=whole_chunks(request, frame, frame)))[-1]


def preview_tile(
    span: Span,
    takes: TakeStore,
    load: Callable[[], Upscaler],
    place: tuple[float, float],
    tick: Tick,
) -> dict[str, object]:
    """Make the tile at a `place`, 0..1 down and across, of a portion whose frames are there.

    The frames of the tile go out with the last tick; gives where it lies in the small frames, and
    the first frame's number.
    """
    from studio.engine.clips import known_frames
    from studio.engine.film import upscale_spec

    small, spec = known_frames(span, takes), upscale_spec(span)
    tile = spec.tiling.around(small.shape[1], small.shape[2], *place)
    before, count = span.context_before, len(span.makes)
    made = load().upscale(small, spec, tick, only=tile)[before : before + count]
    count, height, width, _ = made.shape
    preview = Preview(count, height, width, made.numpy().tobytes())
    tick(Progress("upsample", 1, 1, preview=preview))
    first = span.request.only[0] if span.request.only else 0
    return {"tile": [tile.top, tile.left, tile.height, tile.width], "first": first}
