"""Whether the models of a clip fit one another and what is asked of each: else a refusal.

Asked of a card for a request whose parts fill some of its roles; what the user types beside that
is `studio.spec.check`'s.
"""

from collections.abc import Iterator, Sequence

from studio.spec.card import Card
from studio.spec.grid import Grid
from studio.spec.meaning import words_of
from studio.spec.part import FRAMES, LATENTS, Part
from studio.spec.patterns import pattern_of
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.sizes import largest_side, size_multiple
from studio.spec.spans import strip_of
from studio.spec.strip import BRIDGE

ROLE_NAMES = {
    "keyframes": "keyframes",
    "holes": "filling around given frames",
    "interpolator": "in-betweens",
    "codec": "decoder",
    "upscaler": "upsampler",
}
Known = tuple[bool, ...]
Need = tuple[str, Known]
"""A role and, of a window that is filled around given frames, which are given."""


def check_parts(request: ClipRequest, card: Card) -> None:
    """Refuse, in one sentence, models that do not fit one another or the numbers asked of them."""
    _check_keyframes(request, card)
    _check_subject(request, card)
    _check_between(request, card)
    _check_loop(request, card)
    filled = _filled(request)
    _check_holes(request, card, filled)
    _check_upscaler(request, card)
    needed = tuple(_needed(request, filled))
    _check_roles(request, card, needed)
    _check_latents(request, card, needed)
    _check_encoding(request, card, needed)
    _check_size(request, card)


def part_of(request: ClipRequest, card: Card, role: str, known: Known = ()) -> Part | None:
    """The part that takes a role from the card; None where the card's own model has it."""
    fitting = (part for part in request.parts if role in part.roles and part.model != card.id)
    return next((part for part in fitting if not known or part.can_fill(known)), None)


def _check_keyframes(request: ClipRequest, card: Card) -> None:
    part = part_of(request, card, "keyframes")
    window, name = (part and part.window) or card.window, part.model if part else card.name
    fps = (part and part.fps) or card.fps
    if not window.fits(request.keyframes):
        raise Refusal(
            f"{name} makes {window.described} keyframes, not {request.keyframes}.",
            f"At {float(fps):g} keyframes per second that is up to "
            f"{float((window.most - 1) / fps):g} s.",
        )


def _check_subject(request: ClipRequest, card: Card) -> None:
    """Refuse keyframes from words that would show anything but the subject that was asked for."""
    part, use = part_of(request, card, "keyframes"), request.subject
    if part is None or use is None or words_of(request, part)[1] is not None:
        return
    if any(source.given and not any(source.given) for source in strip_of(request).sources):
        raise Refusal(
            f"{part.model} was not taught “{use.name}”, so its keyframes would show any "
            f"{use.class_noun}.",
            f"Make the keyframes with {card.name}, or leave the subject out.",
        )


def _check_between(request: ClipRequest, card: Card) -> None:
    part = part_of(request, card, "interpolator")
    passes, name = (part.passes, part.model) if part else (card.passes, card.name)
    if not 0 <= request.interpolate <= passes:
        most = f"Use 0 to {passes}." if passes else "Leave --interpolate out."
        raise Refusal(f"{name} makes no {request.interpolate} passes between frames.", most)


def _check_loop(request: ClipRequest, card: Card) -> None:
    """Refuse a way back to the first keyframe that no window holds."""
    if request.loop and request.strip is None and request.window < BRIDGE + 2:
        part = part_of(request, card, "holes")
        raise Refusal(
            f"{part.model if part else card.name} fills {request.window} frames at once, too few to "
            "lead back to the first.",
            "Do not loop the clip, or choose another model for the holes.",
        )


def _check_holes(request: ClipRequest, card: Card, filled: frozenset[Known]) -> None:
    if not (request.extend or request.loop or request.strip):
        return
    others = any(part_of(request, card, "holes", known) for known in filled)
    if not card.predicts and not others:
        raise Refusal(
            f"{card.name} was not trained to go on from given frames.",
            "Use another model, or neither extend nor loop the clip.",
        )
    for known in sorted(filled):
        part = part_of(request, card, "holes", known)
        if part is None and not card.predicts:
            what = "between" if pattern_of(known) == "interpolation" else "beyond"
            raise Refusal(
                f"Nothing chosen here fills frames {what} given ones.",
                "Choose another model for the holes, or start the keyframes over.",
            )
        if part and part.window and not part.window.fits(len(known)):
            raise Refusal(
                f"{part.model} fills {part.window.described} frames at once, not {len(known)}.",
                "Start the keyframes over, or choose another model for the holes.",
            )


def _filled(request: ClipRequest) -> frozenset[Known]:
    """The known frames of every window that is filled around given ones."""
    if not (request.extend or request.loop or request.strip):
        return frozenset()
    known = (tuple(k is not None for k in s.given) for s in strip_of(request).sources)
    return frozenset(window for window in known if any(window))


def _check_upscaler(request: ClipRequest, card: Card) -> None:
    has_one = card.upsampling is not None or part_of(request, card, "upscaler")
    if request.upsample is not None and not has_one:
        raise Refusal(f"{card.name} has no upsampler.", "Leave the upsampling out.")


def _needed(request: ClipRequest, filled: frozenset[Known]) -> Iterator[Need]:
    """The roles that a clip needs, and the known frames of each window that is filled."""
    yield "keyframes", ()
    yield from (("holes", known) for known in sorted(filled))
    if request.interpolate:
        yield "interpolator", ()
    yield "codec", ()
    if request.upsample is not None:
        yield "upscaler", ()


def _check_roles(request: ClipRequest, card: Card, needed: Sequence[Need]) -> None:
    """Refuse where a role that the clip needs is nobody's."""
    for role, known in needed:
        if role not in card.roles and part_of(request, card, role, known) is None:
            name = ROLE_NAMES[role]
            raise Refusal(f"{card.name} has no {name}.", "Choose another model for it.")


def _check_latents(request: ClipRequest, card: Card, needed: Sequence[Need]) -> None:
    """Refuse models that do not share latents where they hand them to one another."""
    kinds: dict[tuple[str, Grid], str] = {}
    for role, known in needed:
        part = part_of(request, card, role, known)
        if role == "upscaler" or _space(part or card, role) != LATENTS:
            continue
        if part is None:
            kinds.setdefault((card.latent_space or card.id, card.grid), card.name)
        else:
            kinds.setdefault((part.latent_space, part.grid), part.model)
    if len(kinds) > 1:
        *others, last = kinds.values()
        raise Refusal(
            f"{', '.join(others)} and {last} do not work on the same latents.",
            "Choose models of one kind, or one that works on frames.",
        )


def _check_encoding(request: ClipRequest, card: Card, needed: Sequence[Need]) -> None:
    """Refuse where frames would have to be encoded one by one into latents that hold several."""
    codec = part_of(request, card, "codec") or card
    spaces = {
        role: {_space(part_of(request, card, *need) or card, role) for need in needed if need[0] == role}
        for role in ("holes", "interpolator")
    }  # fmt: skip
    goes_on = LATENTS in spaces["holes"] | spaces["interpolator"]
    if codec.grid.temporal > 1 and FRAMES in spaces["holes"] and goes_on:
        raise Refusal(
            "Frames that fill the holes cannot go on as latents that hold several frames.",
            "Choose one model for holes and in-betweens, or another decoder.",
        )


def _space(model: Part | Card, role: str) -> str:
    """Where a model works in a role."""
    if role == "holes":
        return model.holes_space
    if role != "interpolator":
        return LATENTS
    if isinstance(model, Part):
        return model.space
    return model.interpolation.space if model.interpolation else LATENTS


def _check_size(request: ClipRequest, card: Card) -> None:
    """Refuse sides that one of them cannot make."""
    parts = request.parts
    multiple, largest = size_multiple(card, parts), largest_side(card, parts)
    for side in (request.width, request.height):
        if side <= 0 or side % multiple or side > largest:
            by = [(card.name, card), *((part.model, part) for part in parts)]
            name = next(
                (n for n, s in by if side <= 0 or side % s.size_multiple or side > s.largest),
                card.name,
            )
            raise Refusal(
                f"{name} cannot make pictures of {request.width} × {request.height} pixels.",
                f"Use multiples of {multiple} up to {largest}.",
            )
