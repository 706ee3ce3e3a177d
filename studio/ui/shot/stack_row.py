"""Which model makes the clip, or which stack of models: a list of both, and keeping the shot's as a
stack."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.library.stacks import Stack
from studio.spec.refusal import Refusal
from studio.ui.state.model_list import FoundModels, ModelList
from studio.ui.state.shot_state import ShotState
from studio.ui.state.stack_list import StackList, shot_with
from studio.ui.state.use_model import with_model
from studio.ui.widgets.adaptive import SHORT, Buttons, ComboBox, field
from studio.ui.widgets.controls import as_tip, push, set_enabled
from studio.ui.widgets.input_dialogs import ask_for_words
from studio.ui.widgets.theme import UNIT

NAME = "Its name; the terminal takes it as --model NAME"


class StackRow(QWidget):
    """Models that make keyframes, then stacks; buttons for the stack that the shot is made of."""

    changed = Signal(object, str)  # shot, label

    def __init__(self, models: ModelList, stacks: StackList) -> None:
        super().__init__()
        self._models, self._stacks = models, stacks
        self._state: ShotState | None = None
        self.box = ComboBox()
        self.save = push(
            "Save as a stack …", "link", tip="Keep the models of this shot under a name"
        )
        self.rename, self.remove = (
            push("Rename …", "link"),
            push("Forget", "link", tip="Its models stay"),
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT // 2)
        layout.addWidget(field("Model", self.box))
        layout.addWidget(Buttons(self.rename, self.remove, self.save))
        self.box.activated.connect(self._choose)
        self.save.clicked.connect(self._save)
        self.rename.clicked.connect(self._rename)
        self.remove.clicked.connect(lambda: self._stacks.remove(self.stack))

    @property
    def stack(self) -> str:
        """The stack that the shot is made of; "" for none."""
        state = self._state
        if state is None or state.model is None:
            return ""
        return self._stacks.named(state.shot, state.model.card.id)

    def reflect(self, state: ShotState) -> None:
        """Show what there is and what is chosen; hidden where there is nothing to choose."""
        self._state = state
        found, stacks = self._models.found, self._stacks.all
        self.setVisible(len(found.every or found.models) > 1 or bool(stacks))
        self._fill(found, state)
        chosen = self.stack
        id = state.model.card.id if state.model else state.shot.model
        wanted = (bool(chosen), chosen or id)
        index = next((k for k in range(self.box.count()) if self.box.itemData(k) == wanted), -1)
        self.box.setCurrentIndex(index)
        set_enabled(self.box, "" if self.box.count() else found.empty_reason, "What makes the clip")
        set_enabled(self.save, "" if state.model else "There is no model.")
        for button in (self.rename, self.remove):
            button.setVisible(bool(chosen))

    def _fill(self, found: FoundModels, state: ShotState) -> None:
        self.box.clear()
        for model in found.models:
            self.box.addItem(model.card.name, (False, model.card.id))
        for name, stack in self._stacks.all.items():
            words = _words(stack, found)
            why = _refusal(state, stack, found)
            self.box.addItem(f"{name} · {why or words}", (True, name))
            number = self.box.count() - 1
            self.box.setItemData(number, name, SHORT)
            tip = as_tip(f"{name}\n{why or words}")
            self.box.setItemData(number, tip, Qt.ItemDataRole.ToolTipRole)
            items = self.box.model()
            assert isinstance(items, QStandardItemModel)
            items.item(number).setEnabled(not why)

    def _choose(self, index: int) -> None:
        is_stack, id = self.box.itemData(index)
        if is_stack:
            self._stacks.use(id)
            return
        model = self._models.found.part(id)
        if self._state is None or model is None:
            return
        shot = with_model(self._state, model, self._models.found)
        if shot != self._state.shot:
            self.changed.emit(shot, "Model")

    def _save(self) -> None:
        if (state := self._state) and state.model:
            save = lambda name: self._stacks.save(name, state)  # noqa: E731
            ask_for_words(self, "Save as a stack", NAME, self.stack, save)

    def _rename(self) -> None:
        if old := self.stack:
            new = lambda name: self._stacks.rename(old, name)  # noqa: E731
            ask_for_words(self, "Rename the stack", NAME, old, new)


def _words(stack: Stack, found: FoundModels) -> str:
    """The names of a stack's models, each once."""
    models = {id: found.part(id) for id in stack.values()}
    return " + ".join(model.card.name if model else id for id, model in models.items())


def _refusal(state: ShotState, stack: Stack, found: FoundModels) -> str:
    """Why a stack cannot be chosen; one with weights that were never read can."""
    if not all(found.part(id) for id in stack.values()):
        return ""
    try:
        shot_with(state.shot, stack, found)
    except Refusal as refusal:
        return str(refusal)
    return ""
