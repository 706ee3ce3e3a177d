"""A recipe used in a shot: all of it, its prompt, its seed, or all but the seed."""

from dataclasses import replace

from studio.project.shot import Shot
from studio.spec.bounds import LONGEST_TEXT
from studio.spec.made_with import MadeWith
from studio.spec.part import ROLES
from studio.spec.request import LARGEST, MAX_GUIDANCE, MAX_STEPS, ClipRequest

ALL, PROMPT, SEED, BUT_SEED = "all", "prompt", "seed", "all but seed"
USES = (ALL, PROMPT, SEED, BUT_SEED)


def with_request(shot: Shot, request: ClipRequest) -> Shot:
    """A shot that asks for that very clip, its seed locked."""
    subject = request.subject
    return replace(
        shot, prompt=request.prompt, negative=request.negative, seed=request.seed,
        seed_locked=True,
        model=request.model, keyframes=request.keyframes, steps=request.steps, fps=request.fps,
        guidance=request.guidance, width=request.width, height=request.height,
        subject=subject.name if subject else "", strength=subject.strength if subject else 1.0,
        extend=request.extend, loop=request.loop, interpolate=request.interpolate,
        strip=request.strip, parts=_parts(request),
    )  # fmt: skip


def using(shot: Shot, made: MadeWith, what: str, request: ClipRequest | None = None) -> Shot:
    """A shot with some of a recipe: `what` is one of `USES`.

    Of other programs' files the words, seed, steps, guidance and size are used, as far as they can
    be a shot's; the model stays, for theirs may not be here.
    """
    if what == PROMPT:
        return replace(
            shot, prompt=made.prompt[:LONGEST_TEXT], negative=made.negative[:LONGEST_TEXT]
        )
    if what == SEED:
        return shot if made.seed is None else replace(shot, seed=made.seed, seed_locked=True)
    used = with_request(shot, request) if request else _with_made(shot, made)
    if what == BUT_SEED:
        return replace(used, seed=shot.seed, seed_locked=shot.seed_locked)
    return used


def _with_made(shot: Shot, made: MadeWith) -> Shot:
    steps = made.steps if made.steps and 1 <= made.steps <= MAX_STEPS else shot.steps
    guided = made.guidance is not None and 0 <= made.guidance <= MAX_GUIDANCE
    fits = made.size is not None and all(1 <= side <= LARGEST for side in made.size)
    width, height = made.size if made.size and fits else (shot.width, shot.height)
    return replace(
        using(using(shot, made, PROMPT), made, SEED), steps=steps, width=width, height=height,
        guidance=made.guidance if guided else shot.guidance,
    )  # fmt: skip


def _parts(request: ClipRequest) -> tuple[tuple[str, str], ...]:
    """The roles that other models took, as a shot names them."""
    others = [part for part in reversed(request.parts) if part.model != request.model]
    chosen = {role: part.model for part in others for role in part.roles}
    return tuple((role, chosen[role]) for role in ROLES if role in chosen)
