"""What a card can make: requests and sizes that it cannot are refused in a sentence."""

from studio.spec.card import Card
from studio.spec.part import LATENTS, Part
from studio.spec.refusal import Refusal
from studio.spec.request import MAX_EXTEND, MAX_GUIDANCE, MAX_STEPS, MAX_WORDS, PASSES, ClipRequest


def check(request: ClipRequest, card: Card) -> None:
    """Refuse, in one sentence, what the card cannot make."""
    _check_words(request)
    _check_numbers(request, card)
    _check_parts(request, card)
    for side in (request.width, request.height):
        if side <= 0 or side % card.size_multiple or side > card.largest:
            raise Refusal(
                f"{card.name} cannot make pictures of {request.width} × {request.height} pixels.",
                f"Use multiples of {card.size_multiple} up to {card.largest}.",
            )


def _check_words(request: ClipRequest) -> None:
    if not request.prompt.split():
        raise Refusal("The prompt is empty.", 'Say what to show, e.g. "a red ball moving left".')
    for name, text in (("prompt", request.prompt), ("negative prompt", request.negative)):
        if (words := len(text.split())) > MAX_WORDS:
            raise Refusal(f"The {name} has {words} words.", f"Use at most {MAX_WORDS} words.")
        if any("\ud800" <= c <= "\udfff" for c in text):  # no tokenizer reads that
            raise Refusal(f"The {name} holds half of a character.", "Delete the sign before it.")


def _check_numbers(request: ClipRequest, card: Card) -> None:
    if not 1 <= request.keyframes <= card.window.most:
        raise Refusal(
            f"{card.name} makes 1 to {card.window.most} keyframes, not {request.keyframes}.",
            f"At {float(card.fps):g} keyframes per second that is up to "
            f"{float((card.window.most - 1) / card.fps):g} s.",
        )
    _check_holes(request, card)
    _check_larger(request, card)
    if not 1 <= request.steps <= MAX_STEPS:
        raise Refusal(f"{request.steps} steps cannot be done.", f"Use 1 to {MAX_STEPS} steps.")
    if not 0.0 <= request.guidance <= MAX_GUIDANCE:  # also false for nan
        raise Refusal(
            f"A guidance of {request.guidance} has no meaning.",
            f"Use a number from 0 to {MAX_GUIDANCE:g}; {card.defaults.guidance:g} is a good start.",
        )
    if not 0 <= request.seed < 2**63:
        raise Refusal(f"The seed {request.seed} is out of range.", "Use 0 to 2⁶³ − 1.")


def _check_holes(request: ClipRequest, card: Card) -> None:
    passes = PASSES if _others(request, "interpolator", card) else card.passes
    if not 0 <= request.interpolate <= passes:
        most = f"Use 0 to {passes}." if passes else "Leave --interpolate out."
        raise Refusal(f"{card.name} makes no {request.interpolate} passes between frames.", most)
    if not 0 <= request.extend <= MAX_EXTEND:
        raise Refusal(
            f"A clip cannot be extended by {request.extend} keyframes.", f"Use 0 to {MAX_EXTEND}."
        )
    holes = request.extend or request.loop or request.strip
    if holes and not card.predicts and not _others(request, "holes", card):
        raise Refusal(
            f"{card.name} was not trained to go on from given frames.",
            "Use another model, or neither extend nor loop the clip.",
        )


def _check_larger(request: ClipRequest, card: Card) -> None:
    has_one = card.upsampling is not None or _others(request, "upscaler", card)
    if request.upsample is not None and not has_one:
        raise Refusal(f"{card.name} has no upsampler.", "Leave the upsampling out.")
    if (
        request.only is not None
        and not 0 <= request.only[0] <= request.only[1] < request.whole_frames
    ):
        raise Refusal(
            f"The clip has no frames {request.only[0] + 1} to {request.only[1] + 1}.",
            f"Choose from its {request.whole_frames} frames.",
        )


def _others(request: ClipRequest, role: str, card: Card) -> list[Part]:
    """The parts for a role that are other models than the card's."""
    return [part for part in request.parts if role in part.roles and part.model != card.id]


def _check_parts(request: ClipRequest, card: Card) -> None:
    """Refuse where a role that the clip needs is nobody's, and parts that do not share latents."""
    needed = {
        "keyframes": True,
        "interpolator": request.interpolate > 0,
        "codec": True,
        "upscaler": request.upsample is not None,
    }
    for role in (role for role, is_needed in needed.items() if is_needed):
        if role not in card.roles and not _others(request, role, card):
            raise Refusal(f"{card.name} has no {role}.", "Choose another model for it.")
    latents = [p for p in request.parts if {"keyframes", "holes", "codec"} & set(p.roles)]
    latents += [p for p in request.parts if "interpolator" in p.roles and p.space == LATENTS]
    kinds = {(part.latent_space, part.grid) for part in latents}
    if not {"keyframes", "codec"} <= {role for part in latents for role in part.roles}:
        kinds.add((card.latent_space or card.id, card.grid))
    if len(kinds) > 1:
        names = ", ".join(dict.fromkeys(part.model for part in latents))
        raise Refusal(
            f"{names} and {card.name} do not work on the same latents.",
            "Choose models of one kind, or one that works on frames.",
        )


def snapped(side: int, card: Card) -> int:
    """The nearest size that the card can make; zero and negative sizes are refused."""
    if side <= 0:
        raise Refusal(f"A side of {side} pixels has no picture in it.", "Use a positive size.")
    multiple = card.size_multiple
    return min(max(multiple, round(side / multiple) * multiple), card.largest)
