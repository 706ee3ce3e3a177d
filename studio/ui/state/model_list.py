"""Which models can make clips here."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Signal

from studio.library.known_shelf import Known, KnownShelf, read
from studio.library.models import Model
from studio.spec.distilled import few_steps
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background

Scan = Callable[[], tuple[tuple[Model, ...], tuple[str, ...]]]
Shelve = Callable[[], KnownShelf]
LOOKING = "Models are being looked for."
NONE = "No model was found. Restore the folder models/starter, or add a model."


@dataclass(frozen=True)
class FoundModels:
    """The models that a shot can be made with, why there is none, what is wrong with those that
    cannot be used, and all that can, also those that fill single roles alone; `shelf` are the LoRAs,
    embeddings and wildcards beside them."""

    models: tuple[Model, ...] = ()
    empty_reason: str = LOOKING
    troubles: tuple[str, ...] = ()
    every: tuple[Model, ...] = ()
    shelf: KnownShelf = field(default_factory=KnownShelf)

    @property
    def is_looking(self) -> bool:
        """Whether the first scan for models is still running."""
        return self.empty_reason == LOOKING

    def model(self, wanted: str) -> Model | None:
        """The model a shot asks for; the first where it asks for none."""
        if not wanted:
            return self.models[0] if self.models else None
        return next((m for m in self.models if m.card.id == wanted), None)

    def part(self, wanted: str) -> Model | None:
        """The model with that id, whatever role it fills."""
        return next((m for m in (*self.every, *self.models) if m.card.id == wanted), None)

    def with_role(self, role: str) -> tuple[Model, ...]:
        """The models that fill a role."""
        return tuple(model for model in self.every or self.models if role in model.card.roles)

    def missing(self, wanted: str) -> Refusal:
        """Why `model` has none to give: with the models there are, and what is wrong with others."""
        if not self.models:
            return Refusal("There is no model to make clips with.", self.empty_reason)
        known = f"There is: {', '.join(model.card.id for model in self.models)}."
        return Refusal(f"There is no model “{wanted}”.", " ".join((known, *self.troubles)))


class ModelList(QObject):
    """The models that were found last.  None, with a reason, until somebody has looked."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.found = FoundModels()
        self._read: tuple[Model, ...] = ()
        self._background: Background | None = None
        self._reading: set[Known] = set()

    def look(self, scan: Scan, background: Background, shelve: Shelve | None = None) -> None:
        """Look for models elsewhere; hashing their weights takes a moment.  `shelve` looks for what
        goes on them."""
        self._read, self._background = (), background
        background.ask(
            scan,
            lambda found: self.offer(*found),
            lambda error: self.offer((), (f"Models could not be looked for: {error}.",)),
            owner=self,
        )
        if shelve:
            background.ask(shelve, self.shelve, owner=self)

    def shelve(self, shelf: KnownShelf) -> None:
        """The LoRAs, embeddings and wildcards that were found.  Those that drafts are made with are
        read now, so that none is left out for want of it."""
        self._show(replace(self.found, shelf=shelf))
        for known in shelf.loras:
            if not known.identity and few_steps(known.like or known.name, known.network):
                self.read(known)

    def read(self, known: Known) -> None:
        """Read a LoRA or embedding for the first time, elsewhere; it can be used then."""
        if self._background is None or known in self._reading:
            return
        self._reading.add(known)
        self._background.ask(
            lambda: read(known),
            lambda found: self.shelve(self.found.shelf.with_read(found)),
            owner=self,
        )

    def tell(self, known: Known, like: str) -> None:
        """What a LoRA is like (`studio.spec.distilled`), "" for nothing of that kind."""
        self.shelve(self.found.shelf.with_answer(known, like))

    def add(self, model: Model) -> None:
        """One more, whose weights were read just now; a look that is under way may not know it."""
        self._read = (*self._read, model)
        self.offer(self.found.every, self.found.troubles)

    def offer(self, models: tuple[Model, ...], troubles: tuple[str, ...] = ()) -> None:
        """What was found, and what is wrong with what cannot be used.

        A part of a clip, as a codec by itself, is no model to choose for a shot.
        """
        known = {model.card.id for model in models}
        models = (*models, *(model for model in self._read if model.card.id not in known))
        whole = tuple(model for model in models if "keyframes" in model.card.roles)
        shelf = self.found.shelf
        self._show(FoundModels(whole, " ".join(troubles) or NONE, troubles, models, shelf))

    def _show(self, found: FoundModels) -> None:
        self.found = found
        self.changed.emit()
