"""Stacks in the window: kept from a shot, put into one, renamed, forgotten.  Their file is read and
written elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.library.models import Model
from studio.library.parts import parts
from studio.library.stacks import Stack, Stacks, parts_of, stack_of
from studio.project.shot import Shot
from studio.spec.check_parts import check_parts
from studio.spec.part import ROLES
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.library import Library
from studio.ui.state.model_list import FoundModels, ModelList
from studio.ui.state.shot_state import ShotState, other_models


class StackList(QObject):
    """`all` are the stacks by name, as they were read last."""

    changed = Signal()
    refused = Signal(str, str)
    notice = Signal(str)

    def __init__(self, file: Path, document: Document, models: ModelList, library: Library) -> None:
        super().__init__()
        self._stacks, self._document = Stacks(file), document
        self._models, self._library = models, library
        self._background: Background | None = None
        self.all: Mapping[str, Stack] = {}

    def look(self, background: Background) -> None:
        """Read the stacks; `background` is used from now on."""
        self._background = background
        self._do(lambda: None)

    def named(self, shot: Shot, own: str) -> str:
        """The stack that a shot is made of, whose own model's id is `own`; "" for none."""
        shot = replace(shot, model=own)
        for name, stack in self.all.items():
            try:
                same = stack["model"] == own and shot_with(shot, stack, self._models.found) == shot
            except Refusal:  # one of its models is not there now
                continue
            if same:
                return name
        return ""

    def save(self, name: str, state: ShotState) -> None:
        """Keep the shot's models under a name, in place of the stack of that name."""
        if state.model is None:
            return
        found = self._models.found
        if found.part(name):
            self.refused.emit(f"A model is called “{name}”.", "Give the stack another name.")
            return
        try:
            stack = stack_of(state.model.card.id, dict(state.shot.parts), roles_in(found))
        except Refusal as refusal:
            self.refused.emit(refusal.what, refusal.hint)
            return
        self._do(lambda: self._stacks.put(name, stack), f"The stack “{name}” is kept.")

    def rename(self, name: str, other: str) -> None:
        """Call a stack something else."""
        if self._models.found.part(other):
            self.refused.emit(f"A model is called “{other}”.", "Give the stack another name.")
        else:
            self._do(lambda: self._stacks.rename(name, other))

    def remove(self, name: str) -> None:
        """Forget a stack; its models stay."""
        self._do(lambda: self._stacks.remove(name), f"The stack “{name}” is forgotten.")

    def use(self, name: str) -> None:
        """Put a stack into the shot; models whose weights were never read are read first."""
        stack = self.all.get(name)
        if stack is None:
            return
        unread = [id for id in dict.fromkeys(stack.values()) if not self._models.found.part(id)]
        if unread:
            self._library.read(unread[0], lambda model: self._have_read(model, name))
            return
        try:
            shot = shot_with(self._document.shot, stack, self._models.found)
        except Refusal as refusal:
            self.refused.emit(refusal.what, refusal.hint)
            return
        if shot != self._document.shot:
            self._document.change_shot(shot, "Stack", merge=False)

    def _have_read(self, model: Model, name: str) -> None:
        self._models.add(model)
        self.use(name)

    def _do(self, change: Callable[[], None], message: str = "") -> None:
        """Change the file, then show what is in it."""
        if self._background is None:
            return

        def done() -> dict[str, Stack]:
            change()
            return self._stacks.all()

        def show(found: dict[str, Stack]) -> None:
            self.all = found
            self.changed.emit()
            if message:
                self.notice.emit(message)

        self._background.ask(done, show, self._failed, owner=self)

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, Refusal):
            raise error
        self.refused.emit(error.what, error.hint)


def shot_with(shot: Shot, stack: Stack, found: FoundModels) -> Shot:
    """The shot made by a stack's models.  Refused where one is missing, or they do not fit."""
    model = found.model(stack["model"])
    if model is None:
        raise found.missing(stack["model"])
    others = parts_of(stack, roles_in(found))
    pairs = tuple((role, others[role]) for role in ROLES if role in others)
    shot = replace(shot, model=model.card.id, parts=pairs)
    taken = other_models(shot, model, found)
    check_parts(shot.request(model.card, model.weights, None, parts(taken)), model.card)
    return shot


def roles_in(found: FoundModels) -> Callable[[str], tuple[str, ...]]:
    """The roles that a found model can take; refused for one that is not there."""

    def roles(id: str) -> tuple[str, ...]:
        model = found.part(id)
        if model is None:
            raise Refusal(f"There is no model “{id}”.", "Look again in the library.")
        return tuple(model.card.roles)

    return roles
