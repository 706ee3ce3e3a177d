"""What a card can make: requests that it cannot are refused in a sentence."""

from studio.spec.adapter_use import LoraUse
from studio.spec.card import Card
from studio.spec.check_parts import check_parts
from studio.spec.refusal import Refusal
from studio.spec.request import MAX_EXTEND, MAX_GUIDANCE, MAX_STEPS, MAX_WORDS, ClipRequest
from studio.spec.wording import networks


def check(request: ClipRequest, card: Card) -> None:
    """Refuse, in one sentence, what the card and the parts beside it cannot make."""
    _check_words(request)
    _check_numbers(request, card)
    check_parts(request, card)
    _check_loras(request)
    _check_range(request)


def _check_words(request: ClipRequest) -> None:
    if not request.prompt.split():
        raise Refusal("The prompt is empty.", 'Say what to show, e.g. "a red ball moving left".')
    for name, text in (("prompt", request.prompt), ("negative prompt", request.negative)):
        if (words := len(text.split())) > MAX_WORDS:
            raise Refusal(f"The {name} has {words} words.", f"Use at most {MAX_WORDS} words.")
        if any("\ud800" <= c <= "\udfff" for c in text):  # no tokenizer reads that
            raise Refusal(f"The {name} holds half of a character.", "Delete the sign before it.")


def _check_loras(request: ClipRequest) -> None:
    """Refuse a LoRA that would go on nothing."""
    there = networks(request)
    for use in (*request.loras, *request.embeddings):
        if use.network in there:
            continue
        kind = "LoRA" if isinstance(use, LoraUse) else "embedding"
        name = use.name if isinstance(use, LoraUse) else use.word
        made_for = use.network or "a network that nothing tells"
        models = ", ".join(sorted(network for network in there if network)) or "another one"
        raise Refusal(
            f"The {kind} “{name}” was made for {made_for}; the model of this shot is {models}.",
            "Choose a model that it fits, or leave it out.",
        )


def _check_numbers(request: ClipRequest, card: Card) -> None:
    if not 0 <= request.extend <= MAX_EXTEND:
        raise Refusal(
            f"A clip cannot be extended by {request.extend} keyframes.", f"Use 0 to {MAX_EXTEND}."
        )
    if not 1 <= request.steps <= MAX_STEPS:
        raise Refusal(f"{request.steps} steps cannot be done.", f"Use 1 to {MAX_STEPS} steps.")
    if not 0.0 <= request.guidance <= MAX_GUIDANCE:  # also false for nan
        raise Refusal(
            f"A guidance of {request.guidance} has no meaning.",
            f"Use a number from 0 to {MAX_GUIDANCE:g}; {card.defaults.guidance:g} is a good start.",
        )
    if not 0 <= request.seed < 2**63:
        raise Refusal(f"The seed {request.seed} is out of range.", "Use 0 to 2⁶³ − 1.")


def _check_range(request: ClipRequest) -> None:
    only = request.only
    if only is not None and not 0 <= only[0] <= only[1] < request.whole_frames:
        raise Refusal(
            f"The clip has no frames {only[0] + 1} to {only[1] + 1}.",
            f"Choose from its {request.whole_frames} frames.",
        )
