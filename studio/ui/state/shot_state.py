"""The present shot with all that follows from it: resolved once per change, read by every view."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import is_

from PySide6.QtCore import QObject, Signal

from studio.library.known_shelf import Unread
from studio.library.models import Model
from studio.library.parts import parts
from studio.project.shot import Shot
from studio.project.subject import Subject
from studio.spec.check import check
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest, SubjectUse
from studio.spec.spans import strip_of
from studio.spec.strip import Strip
from studio.spec.wording import worded
from studio.ui.state.document import Document
from studio.ui.state.model_list import FoundModels, ModelList

ROLE_NAMES: Mapping[str, str] = {
    "keyframes": "Keyframes",
    "holes": "Holes",
    "interpolator": "In-between",
    "codec": "Decoder",
    "upscaler": "Upscaler",
}
"""What the window calls the roles of a clip."""
NO_UPSAMPLER = "This model has no upsampler."


@dataclass(frozen=True)
class ShotState:
    """A shot, its model, and the request that it makes.

    `draft` is the shot with nothing left open, whether it can be made or not; None without a model.
    `request` is the same where it can be made, else None, and `refusal` says why.  `strip` are the
    keyframes of the request.  `is_waiting`: which models there are is not known yet.  `others` are
    the models, by role, that take it from the shot's own.
    """

    shot: Shot
    model: Model | None = None
    draft: ClipRequest | None = None
    request: ClipRequest | None = None
    refusal: Refusal | None = None
    strip: Strip | None = None
    only_read: str = ""
    is_waiting: bool = False
    others: Mapping[str, Model] = field(default_factory=dict)

    def by(self, role: str) -> Model | None:
        """The model that fills a role; None without one."""
        own = self.model if self.model and role in self.model.card.roles else None
        return self.others.get(role, own)

    def checked(self) -> ClipRequest:
        """The request; raises the refusal where there is none."""
        if self.request is None:
            raise self.refusal or Refusal("This shot cannot be made.")
        return self.request

    @property
    def upsampled(self) -> ClipRequest | None:
        """The request with upsampling; None where nothing does that."""
        upscaler = self.by("upscaler")
        upsampling = upscaler.card.upsampling if upscaler else None
        return replace(self.request, upsample=upsampling) if self.request and upsampling else None

    @property
    def disabled_reason(self) -> str:
        """Why the shot cannot be made, or ""."""
        if self.only_read:
            return self.only_read
        return str(self.refusal) if self.refusal else ""

    @property
    def render_disabled_reason(self) -> str:
        """Why the shot cannot be ordered, or ""; an order waits for models to be found."""
        waits = self.is_waiting and self.shot.prompt.strip() and not self.only_read
        return "" if waits else self.disabled_reason

    @property
    def upsample_disabled_reason(self) -> str:
        """Why the shot cannot be upsampled, or ""."""
        return self.disabled_reason or ("" if self.upsampled else NO_UPSAMPLER)


def resolve(
    shot: Shot, subjects: Sequence[Subject], models: FoundModels, *, only_read: str = ""
) -> ShotState:
    """What a shot is, with these subjects and models."""
    is_waiting, model = models.is_looking, models.model(shot.model)
    if model is None:
        missing = models.missing(shot.model)
        return ShotState(shot, refusal=missing, only_read=only_read, is_waiting=is_waiting)
    missing = (missing_part(role, id, models) for role, id in shot.parts)
    use, refusal = None, next(filter(None, missing), None)
    try:
        use = _subject_use(shot, subjects, model)
    except Refusal as error:
        refusal = refusal or error
    others = other_models(shot, model, models)
    draft = shot.request(model.card, model.weights, use, parts(others))
    try:
        draft = worded(draft, shot.loras, models.shelf)
        check(draft, model.card)
    except Refusal as error:
        refusal = refusal or error
    request = None if refusal else draft
    strip = strip_of(request) if request else None
    return ShotState(shot, model, draft, request, refusal, strip, only_read, is_waiting, others)


def other_models(shot: Shot, model: Model, models: FoundModels) -> dict[str, Model]:
    """By role, the models that take it from the shot's own; those that are there and can."""
    found = ((role, models.part(id)) for role, id in shot.parts if id != model.card.id)
    return {role: part for role, part in found if part and role in part.card.roles}


def missing_part(role: str, id: str, models: FoundModels) -> Refusal | None:
    """Why a role cannot be taken by the model of that id: it is not there, or cannot fill it."""
    part = models.part(id)
    if part is not None and role in part.card.roles:
        return None
    what = f"There is no model “{id}”" if part is None else f"{part.card.name} is no model"
    what = f"{what} for the {ROLE_NAMES[role].lower()}."
    return Refusal(what, "Choose another one under Parts.")


def _subject_use(shot: Shot, subjects: Sequence[Subject], model: Model) -> SubjectUse | None:
    """The subject as a request has it; refused where it cannot be used."""
    if not shot.subject:
        return None
    subject = next((subject for subject in subjects if subject.name == shot.subject), None)
    if subject is None:
        raise Refusal(f"There is no subject “{shot.subject}”.", "Choose another one.")
    return subject.use(shot.strength, model.card, model.weights)


class PresentShot(QObject):
    """Keeps the state of the shot being worked on."""

    changed = Signal()
    """Something was changed that the state is made of; it may be the same."""

    def __init__(self, document: Document, models: ModelList) -> None:
        super().__init__()
        self._document, self._models = document, models
        self._resolved: tuple[tuple[object, ...], ShotState] | None = None
        for source in (document.changed, document.subjects_changed, models.changed):
            source.connect(self.changed)

    @property
    def state(self) -> ShotState:
        """Resolved when it is first read after a change, whichever slot runs first."""
        document = self._document
        shot, subjects, models = document.shot, document.subjects, self._models.found
        made_of = (shot, subjects, models)
        if self._resolved is None or not all(map(is_, self._resolved[0], made_of)):
            state = resolve(shot, subjects, models, only_read=document.only_read)
            self._resolved = made_of, state
            if isinstance(state.refusal, Unread):
                self._models.read(state.refusal.known)
        return self._resolved[1]

    def with_seed(self, seed: int) -> ClipRequest:
        """The request of the shot with another seed, by which its wildcards are chosen too; raises
        the refusal where there is none."""
        document = self._document
        shot = replace(document.shot, seed=seed)
        return resolve(shot, document.subjects, self._models.found).checked()
