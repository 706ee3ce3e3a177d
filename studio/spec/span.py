"""A span: one stage's work on some frames, and the key of its result."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from studio.spec.part import LATENTS, Part
from studio.spec.request import ClipRequest
from studio.spec.strip import Source

# Raising a revision is a deliberate act: every stored result of that stage becomes stale.
REVISIONS = {
    "keyframes": 1,
    "picture": 1,
    "interpolation": 1,
    "decode": 1,
    "upsample": 1,
    "show": 1,
    "encode": 1,
}


NOBODY = Part("", (), ())
"""What makes spans that are made already."""


@dataclass(frozen=True, slots=True)
class Read:
    """One frame that a span reads: frame number `frame` of what its `input`-th input holds."""

    input: int
    frame: int


@dataclass(frozen=True, slots=True)
class Span:
    """One stage's work on some frames, whose positions are `makes`.

    `inputs` are the keys of the spans it reads; `reads` says which of their frames, in the order
    of the clip with holes that is filled, where None is a hole, or of the frames to decode or to
    upsample; the first `context_before` of these are looked at only for what they tell of those
    after them.
    `pass_index` counts the passes of interpolation from 1.  `positions` are those of all frames that
    an upsampler reads: its noise belongs to them.  `part` fills the `role` in which it is made.
    """

    stage: str
    makes: tuple[int, ...]
    reads: tuple[Read | None, ...]
    inputs: tuple[str, ...]
    key: str
    request: ClipRequest = field(repr=False, compare=False)
    source: Source = field(default=Source(), repr=False, compare=False)
    pass_index: int = 0
    context_before: int = 0
    positions: tuple[int, ...] = ()
    role: str = ""
    part: Part = field(default=NOBODY, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame on its way: the span that makes it, which of its frames, at what position, and whether
    that span holds latents or frames."""

    key: str
    frame: int
    position: int
    space: str = LATENTS


Found = tuple[str, int]
"""A span's key and the number of one of its frames."""


def reads_of(
    given: Sequence[Found | None],
) -> tuple[tuple[str, ...], tuple[Read | None, ...]]:
    """Inputs without repetition, and for each frame where it is found in them."""
    inputs = tuple(dict.fromkeys(found[0] for found in given if found))
    reads = tuple(found and Read(inputs.index(found[0]), found[1]) for found in given)
    return inputs, reads


def encode_reads(reads: Sequence[Read | None]) -> list[tuple[int, int] | None]:
    """Reads as a key spells them."""
    return [read and (read.input, read.frame) for read in reads]


def span_key(
    stage: str, makes: tuple[int, ...], inputs: tuple[str, ...], meant: Mapping[str, object]
) -> str:
    """BLAKE2b (32 hex digits) of everything that is meant to decide the span's result."""
    whole = [stage, REVISIONS[stage], makes, inputs, meant]
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=_plain)
    half = text.encode(errors="surrogatepass")  # a pasted half of an emoji has a key too
    return hashlib.blake2b(half, digest_size=16).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a key")
