"""How much there is to do in a span: in proportion to its time, among spans of one stage and model.

What one span took so says how long another will take, of another size, length or number of steps.
"""

from math import ceil

from studio.spec.patterns import pattern_of
from studio.spec.span import Span


def kind_of_work(span: Span) -> str:
    """Whose amounts and times can be compared: a stage, as one model does it."""
    return f"{span.stage}|{span.part.model}"


def amount(span: Span) -> int:
    """The frames that a span makes, times the pixels of one as the network is shown them, times the
    steps in which they are made."""
    request = span.request
    pixels, steps = request.width * request.height, 1
    if span.stage == "upsample" and (how := request.upsample):
        tall, wide = (_tiled(n, how.tile, how.overlap) for n in (request.height, request.width))
        pixels, steps = tall * wide, how.steps + 1  # decoding is one step more
    elif span.stage in ("keyframes", "interpolation"):
        steps = max(1, denoising_steps(span))
    return len(span.makes) * pixels * steps


def denoising_steps(span: Span) -> int:
    """Steps of the sampler: all where nothing is known, else by the strength of the pass."""
    how = span.request.sampling(span.part)
    pattern = pattern_of(tuple(read is not None for read in span.reads))
    if pattern == "keyframes":
        return how.steps
    return how.denoising_steps(span.pass_index, between=pattern == "interpolation")


def tiles_along(length: int, side: int, overlap: int) -> int:
    """Tiles of a side that cover a length, next to one another by at least `overlap`."""
    return 1 if length <= side else ceil((length - overlap) / (side - overlap))


def _tiled(length: int, side: int, overlap: int) -> int:
    """Pixels along a side, those counted again that several tiles share."""
    return tiles_along(length, side, overlap) * min(length, side)
