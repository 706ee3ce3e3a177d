"""Drafts: the same clip in few steps and at half its size, to see a whole film in minutes.

A draft is a take like any other, under keys of its own; what it was drafted from is still what its
clip is to be, so that rendering it is what promotes it.
"""

from collections.abc import Iterable
from dataclasses import replace

from studio.spec.adapter_use import LoraUse
from studio.spec.distilled import distilled, few_steps_of
from studio.spec.part import Defaults, Part
from studio.spec.quantities import count, listed
from studio.spec.request import ClipRequest
from studio.spec.sizes import Sized, size_multiple
from studio.spec.spans import strip_of

STEPS = 8
"""Steps of a draft, at most."""
SMALLEST = 256
"""Pixels of a draft's shorter side, at least: smaller ones show too little, and cost little whole."""


def drafted(request: ClipRequest, card: Sized, there: Iterable[LoraUse] = ()) -> ClipRequest:
    """A request's draft, not larger by upsampling, with those distilled LoRAs that are `there` and fit.
    Frames that it holds keep its size: they are of that size themselves."""
    draft = distilled(request, there)
    parts = tuple(map(_shorter, draft.parts))
    draft = replace(draft, steps=min(draft.steps, STEPS), parts=parts, upsample=None, only=None)
    if any(source.take or source.picture for source in strip_of(request).sources):
        return draft
    multiple = size_multiple(card, request.parts)
    width, height = (side // 2 // multiple * multiple for side in (request.width, request.height))
    if min(width, height) < SMALLEST:
        return draft
    return replace(draft, width=width, height=height)


def draft_words(request: ClipRequest) -> str:
    """With what a draft is made, in a sentence."""
    fast = [use.name for use in request.loras if few_steps_of(use)]
    most = max(_all_steps(request))
    return f"A draft in {count(most, 'step')}{' with ' + listed(fast) if fast else ''}."


def _shorter(part: Part) -> Part:
    """With fewer steps of its own; a larger clip is not made at all."""
    how = part.sampling
    if how is None or how.steps <= STEPS or part.roles == ("upscaler",):
        return part
    return replace(part, sampling=replace(how, steps=STEPS))


def is_draft_of(take: ClipRequest, wish: ClipRequest) -> bool:
    """Whether a take is the draft of what is wished: the same but for steps and size, and for
    distilled LoRAs with what these want."""
    added = take.loras[len(wish.loras) :]
    if not all(map(few_steps_of, added)):
        return False
    if len(take.parts) != len(wish.parts):
        return False
    taken, wished = _all_steps(take), _all_steps(wish)
    fewer = any(a < b for a, b in zip(taken, wished, strict=True)) or take.width < wish.width
    more = any(a > b for a, b in zip(taken, wished, strict=True)) or take.width > wish.width
    quick = any(map(few_steps_of, take.loras))
    return fewer and not more and _as_wished(take, wish, quick=quick) == wish


def _all_steps(request: ClipRequest) -> list[int]:
    own = [part.sampling.steps if part.sampling else 0 for part in request.parts]
    return [request.steps, *own]


def _as_wished(take: ClipRequest, wish: ClipRequest, *, quick: bool) -> ClipRequest:
    """A take's request in what a draft is not asked about."""
    parts = zip(take.parts, wish.parts, strict=True)
    same = replace(
        take, steps=wish.steps, width=wish.width, height=wish.height, upsample=wish.upsample,
        only=wish.only, parts=tuple(replace(a, sampling=_wished(a, b, quick)) for a, b in parts),
        loras=take.loras[: len(wish.loras)],
    )  # fmt: skip
    return replace(same, guidance=wish.guidance, sampler=wish.sampler) if quick else same


def _wished(taken: Part, wish: Part, quick: bool) -> Defaults | None:
    if taken.sampling is None or wish.sampling is None:
        return taken.sampling
    return wish.sampling if quick else replace(taken.sampling, steps=wish.sampling.steps)
