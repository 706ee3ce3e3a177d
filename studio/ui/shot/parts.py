"""Who makes what: a row for each role of a clip, with the models that may take it."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.shot.stack_row import StackRow
from studio.ui.state.model_list import ModelList
from studio.ui.state.part_choices import PartChoice, choices, has_choice
from studio.ui.state.shot_state import ROLE_NAMES, ShotState
from studio.ui.state.stack_list import StackList
from studio.ui.widgets.adaptive import SHORT, ComboBox, field
from studio.ui.widgets.controls import as_tip, label, set_enabled
from studio.ui.widgets.theme import UNIT

ALONE = "{} makes all of the clip. Other models that can take a part of it appear here."
LONGEST = 110
"""Letters of a line in a list; the rest is in its tooltip."""


class PartRow(QWidget):
    """A role: a list of the models that can take it, and what the chosen one costs."""

    chosen = Signal(object)  # PartChoice

    def __init__(self, role: str) -> None:
        super().__init__()
        self._choices: tuple[PartChoice, ...] = ()
        self.box, self.note = ComboBox(), label("", "small", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(field(ROLE_NAMES[role], self.box))
        layout.addWidget(self.note)
        self.box.activated.connect(self._activated)

    def reflect(self, choices: tuple[PartChoice, ...], chosen: str) -> None:
        """Show these, left alone where they are there already."""
        if choices != self._choices:
            self._choices = choices
            self._fill()
        index = next((k for k, choice in enumerate(choices) if choice.model == chosen), 0)
        self.box.setCurrentIndex(index)
        choice = choices[index] if choices else None
        self.note.setText(_note(choice) if choice else "")
        self.note.setVisible(bool(self.note.text()))
        set_enabled(self.box, "", _line(choice) if choice else "")

    def _fill(self) -> None:
        self.box.clear()
        items = self.box.model()
        assert isinstance(items, QStandardItemModel)
        for number, choice in enumerate(self._choices):
            self.box.addItem(_line(choice), choice.model)
            sentences = (choice.refusal or choice.cost, choice.hint, _brings(choice))
            tip = " ".join(filter(None, sentences))
            self.box.setItemData(number, choice.name, SHORT)
            self.box.setItemData(number, as_tip(tip), Qt.ItemDataRole.ToolTipRole)
            self.box.setItemData(number, tip, Qt.ItemDataRole.AccessibleDescriptionRole)
            items.item(number).setEnabled(not choice.refusal)

    def _activated(self, index: int) -> None:
        self.chosen.emit(self._choices[index])


class Parts(QWidget):
    """A row for each role that more than one model can take; read when it is seen."""

    changed = Signal(tuple, str)  # the shot's parts, label

    def __init__(self, models: ModelList, stacks: StackList) -> None:
        super().__init__()
        self._models = models
        self._state: ShotState | None = None
        self._made_of: tuple[object, ...] = ()
        self._stacks = stacks
        self.alone = label("", "small", wrap=True)
        self.whole = StackRow(models, stacks)
        self.rows = {role: PartRow(role) for role in ROLE_NAMES}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        layout.addWidget(self.whole)
        layout.addWidget(self.alone)
        for role, row in self.rows.items():
            row.chosen.connect(lambda choice, role=role: self._choose(role, choice))
            layout.addWidget(row)
        stacks.changed.connect(self._reflect_again)

    def reflect(self, state: ShotState) -> None:
        """Show who makes what; while it is folded away, only keep it for later."""
        self._state = state
        if self.isVisible():
            self._show(state)

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._reflect_again()

    def _reflect_again(self) -> None:
        if self._state:
            self.reflect(self._state)

    def _show(self, state: ShotState) -> None:
        found, chosen, several = self._models.found, dict(state.shot.parts), False
        if (made_of := (found, self._stacks.all, *_decisive(state))) == self._made_of:
            return  # words alone have changed
        self._made_of = made_of
        self.whole.reflect(state)
        for role, row in self.rows.items():
            offered = has_choice(state, found, role)
            row.setVisible(offered)
            if offered:
                several = True
                row.reflect(choices(state, found, role), chosen.get(role, ""))
        name = state.model.card.name if state.model else ""
        self.alone.setText(ALONE.format(name) if name else found.empty_reason)
        self.alone.setVisible(not several)

    def _choose(self, role: str, choice: PartChoice) -> None:
        if self._state and choice.parts != self._state.shot.parts and not choice.refusal:
            self.changed.emit(choice.parts, ROLE_NAMES[role])


def _decisive(state: ShotState) -> tuple[object, ...]:
    """All of a shot that the choices depend on."""
    draft = state.draft and replace(state.draft, prompt="", negative="", seed=0, subject=None)
    return state.shot.parts, state.model, draft


def title(state: ShotState) -> str:
    """The heading over the rows: how many roles other models take."""
    number = len(state.shot.parts)
    return f"Parts · {number} chosen" if number else "Parts"


def _line(choice: PartChoice) -> str:
    remark = choice.refusal or choice.cost
    line = " · ".join(filter(None, (choice.name, remark)))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"


def _note(choice: PartChoice) -> str:
    """What is said below the list of the one that is chosen: nothing of the shot's own model."""
    return choice.refusal or (choice.cost if choice.model else "")


def _brings(choice: PartChoice) -> str:
    names = ", ".join(ROLE_NAMES[role].lower() for role in choice.along)
    verb = "Brings along" if choice.model else "Gives back too"
    return f"{verb}: {names}." if names else ""
