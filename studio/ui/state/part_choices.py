"""What may take a role of the shot: which models, what each costs, and why one does not fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from studio.library.models import Model
from studio.library.parts import SAMPLED, parts
from studio.project.shot import Shot
from studio.spec.check_parts import check_parts
from studio.spec.part import FRAMES, ROLES
from studio.spec.quantities import count, memory
from studio.spec.refusal import Refusal
from studio.ui.state.model_list import FoundModels
from studio.ui.state.shot_state import ShotState, missing_part, other_models


@dataclass(frozen=True, slots=True)
class PartChoice:
    """A model for a role, "" for the shot's own; `parts` are those of the shot with it.

    `cost` is in words, as far as it is known; `along` are other roles that it takes or gives back
    with this one, without which it would not fit.  `refusal` says why it cannot be chosen, or "",
    and `hint` what to change.
    """

    model: str
    name: str
    cost: str
    parts: tuple[tuple[str, str], ...]
    along: tuple[str, ...] = ()
    refusal: str = ""
    hint: str = ""


def choices(state: ShotState, models: FoundModels, role: str) -> tuple[PartChoice, ...]:
    """What may take a role of the shot, its own model first; none without a model."""
    if state.model is None:
        return ()
    own = _own(state, state.model, models, role)
    others = (model for model in models.with_role(role) if model.card.id != state.model.card.id)
    missing = _missing(state, models, role)
    return (own, *missing, *(_other(state, model, models, role) for model in others))


def has_choice(state: ShotState, models: FoundModels, role: str) -> bool:
    """Whether another model than the shot's own may take a role, or was to take it."""
    own = state.model.card.id if state.model else ""
    there = any(model.card.id != own for model in models.with_role(role))
    return there or role in dict(state.shot.parts)


def _own(state: ShotState, model: Model, models: FoundModels, role: str) -> PartChoice:
    """The shot's own; where that fits only so, whoever has the role gives back its others too."""
    shot, chosen = state.shot.with_part(role, ""), dict(state.shot.parts)
    along: tuple[str, ...] = ()
    if role in chosen and _refusal(shot, state, models, role):
        along = tuple(r for r in ROLES if r != role and chosen.get(r) == chosen[role])
        back = shot
        for other in along:
            back = back.with_part(other, "")
        if _refusal(back, state, models, role):
            along = ()
        shot = back if along else shot
    has_it = role in model.card.roles
    name = f"As the model ({model.card.name})" if has_it else f"None ({model.card.name} has none)"
    return PartChoice("", name, _cost(model, role) if has_it else "", shot.parts, along)


def _other(state: ShotState, model: Model, models: FoundModels, role: str) -> PartChoice:
    """Another; where that fits only so, it brings along what it has for other roles."""
    card, along = model.card, ()
    alone = shot = state.shot.with_part(role, card.id)
    refusal = _refusal(alone, state, models, role)
    if refusal:
        brought = [r for r in ROLES if r != role and r in card.roles and r != "upscaler"]
        for other in brought:
            shot = shot.with_part(other, card.id)
        if brought and not _refusal(shot, state, models, role):
            refusal = None
            was = dict(state.shot.parts)
            along = tuple(other for other in brought if was.get(other) != card.id)
    what, hint = (refusal.what, refusal.hint) if refusal else ("", "")
    chosen = (alone if refusal else shot).parts
    return PartChoice(card.id, card.name, _cost(model, role), chosen, along, what, hint)


def _missing(state: ShotState, models: FoundModels, role: str) -> Iterator[PartChoice]:
    """What was chosen and is not there any longer."""
    wanted = dict(state.shot.parts).get(role, "")
    if wanted and (missing := missing_part(role, wanted, models)):
        name, chosen = f"{wanted} (missing)", state.shot.parts
        yield PartChoice(wanted, name, "", chosen, refusal=missing.what, hint=missing.hint)


def _refusal(shot: Shot, state: ShotState, models: FoundModels, role: str) -> Refusal | None:
    """Why the models of a shot do not fit one another, all roles counted that this one needs."""
    model = state.model
    assert model is not None
    others = other_models(shot, model, models)
    draft = shot.request(model.card, model.weights, None, parts(others))
    if role == "interpolator":
        draft = replace(draft, interpolate=max(1, draft.interpolate))
    elif role == "holes" and draft.strip is None and role in others:
        draft = replace(draft, extend=max(1, draft.extend))
    elif role == "upscaler" and role in others:
        how = others[role].card.upsampling
        if how is None:
            what = f"{others[role].card.name} does not say how it makes frames larger."
            return Refusal(what, "Give its card a table [model.upsampling].")
        draft = replace(draft, upsample=how)
    try:
        check_parts(draft, model.card)
    except Refusal as refusal:
        return refusal
    return None


def _cost(model: Model, role: str) -> str:
    """What choosing a model for a role means for time and memory, as far as its card says."""
    card, facts = model.card, []
    if size := model.size(role):
        facts.append(memory(size))
    if role in SAMPLED:
        facts.append(count(card.defaults.steps, "step"))
    if role == "interpolator" and card.interpolation:
        between = card.interpolation.factor**card.interpolation.passes - 1
        where = ", from decoded ones" if card.interpolation.space == FRAMES else ""
        facts.append(f"up to {count(between, 'frame')} between two{where}")
    if role == "codec" and card.context:
        facts.append("sees time")
    if role == "upscaler":
        facts.append(f"{card.scale} × as large")
    return " · ".join(facts)
