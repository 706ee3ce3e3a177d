"""A model of the library put to use in the shot: as its model, or in the role that it fills."""

from collections.abc import Iterable
from dataclasses import replace

from studio.library.derived.derived import JOINED
from studio.library.models import Model
from studio.library.overview import Listed
from studio.library.parts import parts
from studio.project.shot import Shot
from studio.spec.check_parts import check_parts
from studio.spec.quantities import listed
from studio.spec.refusal import Refusal
from studio.ui.state.model_list import FoundModels
from studio.ui.state.part_choices import choices
from studio.ui.state.shot_state import ROLE_NAMES, ShotState, other_models

MOVES, CONTROLS = "motion module", "control"
"""Roles of files that work on the shot's own model, joined to it."""


def ids_in_use(state: ShotState) -> frozenset[str]:
    """Ids of all models that the shot names, those of files that are one model together each."""
    own = (state.model.card.id,) if state.model else ()
    ids = (*own, state.shot.model, *(id for _, id in state.shot.parts))
    return frozenset((*ids, *(part for id in ids for part in id.split(JOINED))))


def used_in(id: str, shots: Iterable[Shot], first: str) -> str:
    """In which of a project's shots a model or LoRA is used, in words, or ""; `first` is the model of a
    shot that names none."""
    found = [str(n) for n, shot in enumerate(shots, start=1) if id in _named_by(shot, first)]
    return f"Used in shot{'s' if len(found) > 1 else ''} {listed(found)}." if id and found else ""


def _named_by(shot: Shot, first: str) -> set[str]:
    ids = (shot.model or first, *(id for _, id in shot.parts), *(name for name, _ in shot.loras))
    return {*ids, *(part for id in ids for part in id.split(JOINED))}


def wanted_id(line: Listed, state: ShotState, lines: Iterable[Listed]) -> str:
    """The id by which the shot would name a model; refused where it can name none."""
    if line.role not in (MOVES, CONTROLS) or line.uses:
        if not line.uses:
            raise Refusal(line.why or line.alone)
        return line.id
    own = state.model.card.id if state.model else ""
    base = own.split(JOINED)
    roles = {other.id: other.role for other in lines}
    kept = base[:1] if line.role == MOVES else base[:2]
    if [roles.get(id) for id in kept] != ["checkpoint", MOVES][: 1 if line.role == MOVES else 2]:
        first = "a checkpoint" if line.role == MOVES else "a checkpoint, then a motion module,"
        raise Refusal(f"It works on an image model: use {first} in this shot first.")
    return JOINED.join((*kept, line.id))


def with_model(state: ShotState, model: Model, models: FoundModels) -> Shot:
    """The shot with a model for its own, or for the first role that it can take.

    Parts that do not fit a new model of the shot's go back to it.  Refused where it takes no role.
    """
    if "keyframes" in model.card.roles:
        return _as_own(state.shot, model, models)
    first: Refusal | None = None
    for role in (role for role in ROLE_NAMES if role in model.card.roles):
        for choice in choices(state, models, role):
            if choice.model == model.card.id and not choice.refusal:
                return replace(state.shot, parts=choice.parts)
            if choice.model == model.card.id:
                first = first or Refusal(choice.refusal, choice.hint)
    raise first or Refusal(f"{model.card.name} takes no role in this shot.", "Choose another.")


def _as_own(shot: Shot, model: Model, models: FoundModels) -> Shot:
    others = tuple(pair for pair in shot.parts if pair[1] != model.card.id)
    shot = replace(shot, model=model.card.id, parts=others)
    draft = shot.request(model.card, model.weights, None, parts(other_models(shot, model, models)))
    try:
        check_parts(draft, model.card)
    except Refusal:
        return replace(shot, parts=())
    return shot
