"""Drafts: the same clip in few steps and at half its size, to see a whole film in minutes.

A draft is a take like any other, under keys of its own; what it was drafted from is still what its
clip is to be, so that rendering it is what promotes it.
"""

from dataclasses import replace

from studio.spec.request import ClipRequest
from studio.spec.sizes import Sized, size_multiple
from studio.spec.spans import strip_of

STEPS = 8
"""Steps of a draft, at most."""
SMALLEST = 256
"""Pixels of a draft's shorter side, at least: smaller ones show too little, and cost little whole."""


def drafted(request: ClipRequest, card: Sized) -> ClipRequest:
    """A request's draft, not larger by upsampling.  Frames that it holds keep its size: they are of
    that size themselves."""
    draft = replace(request, steps=min(request.steps, STEPS), upsample=None, only=None)
    if any(source.take or source.picture for source in strip_of(request).sources):
        return draft
    multiple = size_multiple(card, request.parts)
    width, height = (side // 2 // multiple * multiple for side in (request.width, request.height))
    if min(width, height) < SMALLEST:
        return draft
    return replace(draft, width=width, height=height)


def is_draft_of(take: ClipRequest, wish: ClipRequest) -> bool:
    """Whether a take is the draft of what is wished: the same but for steps and size."""
    fewer = take.steps < wish.steps or take.width < wish.width
    same = replace(
        take, steps=wish.steps, width=wish.width, height=wish.height, upsample=wish.upsample,
        only=wish.only,
    )  # fmt: skip
    return fewer and take.steps <= wish.steps and take.width <= wish.width and same == wish
