"""LoRAs beside the shot's subject: those chosen with their strengths, and a list of those that fit."""

from fractions import Fraction

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.library.known_shelf import Known
from studio.spec.adapter_use import MAX_LORAS, MAX_STRENGTH
from studio.spec.distilled import few_steps, likes
from studio.spec.numbers import possible
from studio.spec.request import ClipRequest
from studio.spec.tags import without_tags
from studio.spec.wildcards import has_wildcards
from studio.spec.wording import networks
from studio.ui.state.model_list import ModelList
from studio.ui.state.shot_state import ShotState
from studio.ui.widgets.adaptive import ComboBox
from studio.ui.widgets.controls import ElidedLabel, as_tip, label, set_enabled, tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.number_field import NumberField
from studio.ui.widgets.theme import UNIT

NONE = "There are no LoRAs on this computer. Add their folder in the library."
HELP = "1 is as trained, 0 is off, less than 0 leads away from it"
LIKE_HELP = (
    "Whether it was distilled to few steps; drafts are made with it then. Kept with the file."
)
Chosen = tuple[tuple[str, float], ...]


class LoraRow(QWidget):
    """One that is on: its name, its strength, a button that takes it off, and below them the question
    whether it makes few steps do, where neither its name nor its header says so."""

    changed = Signal(float)
    removed = Signal()
    answered = Signal(str)

    def __init__(self, name: str, icons: Icons) -> None:
        super().__init__()
        self.name, self.strength = ElidedLabel(name), NumberField(" ×", decimals=2)
        self.strength.allow(possible(-MAX_STRENGTH, MAX_STRENGTH, "0.01"), 0.05)
        self.strength.setAccessibleName(f"Strength of {name}")
        set_enabled(self.strength, "", HELP)
        self.remove = tool(icons, "bin", f"Leave {name} out")
        self.like = ComboBox()
        self.like.setAccessibleName(f"What {name} is like")
        set_enabled(self.like, "", LIKE_HELP)
        line = QHBoxLayout()
        line.setSpacing(UNIT)
        line.addWidget(self.name, 1)
        line.addWidget(self.strength)
        line.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT // 2)
        layout.addLayout(line)
        layout.addWidget(self.like)
        self.like.hide()
        self.like.activated.connect(lambda at: self.answered.emit(self.like.itemData(at)))
        self.strength.changed.connect(lambda value: self.changed.emit(float(value)))
        self.remove.clicked.connect(self.removed)

    def ask(self, known: Known | None) -> None:
        """Ask what it is like, where only its user can know."""
        offered = likes(known.network) if known else ()
        asked = known is not None and bool(offered) and not few_steps(known.name, known.network)
        self.like.setVisible(asked)
        if not asked or known is None:
            return
        if self.like.count() != len(offered) + 1:
            self.like.clear()
            self.like.addItem("Made for few steps? No", "")
            for like in offered:
                self.like.addItem(f"Made for few steps, as {like}", like)
        self.like.setCurrentIndex(max(0, self.like.findData(known.like)))


class Loras(QWidget):
    """Follows the shot; every change is the shot's new pairs of name and strength."""

    changed = Signal(tuple, str)

    def __init__(self, models: ModelList, icons: Icons) -> None:
        super().__init__()
        self._models, self._icons = models, icons
        self._chosen: Chosen = ()
        self._offered: tuple[tuple[Known, str], ...] = ()
        self.rows: dict[str, LoraRow] = {}
        self.add, self.note = ComboBox(), label("", "small", wrap=True)
        self.add.setAccessibleName("Add a LoRA")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(UNIT // 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        layout.addLayout(self._lines)
        layout.addWidget(self.add)
        layout.addWidget(self.note)
        self.add.activated.connect(self._add)

    @property
    def title(self) -> str:
        """The heading over them."""
        return f"LoRAs · {len(self._chosen)} on" if self._chosen else "LoRAs"

    def reflect(self, state: ShotState) -> None:
        """Show those that are on, and what fits the shot's models."""
        self._chosen = state.shot.loras
        self._fill_rows()
        offered = tuple(
            (known, _mismatch(known, state.draft)) for known in self._models.found.shelf.loras
        )
        if offered != self._offered or self.add.count() == 0:
            self._offered = offered
            self._fill_list()
        self.note.setText("" if offered else NONE)
        self.note.setVisible(not offered)
        full = f"A shot has {MAX_LORAS} at most." if len(self._chosen) >= MAX_LORAS else ""
        set_enabled(self.add, full or ("" if offered else NONE), "Put a LoRA on")

    def _fill_rows(self) -> None:
        names = [name for name, _ in self._chosen]
        if names != list(self.rows):
            for row in self.rows.values():
                self._lines.removeWidget(row)
                row.deleteLater()
            self.rows = {name: self._row(name) for name in names}
        known = {one.name: one for one in self._models.found.shelf.loras}
        for name, strength in self._chosen:
            self.rows[name].ask(known.get(name))
            self.rows[name].strength.reflect(Fraction(str(round(strength, 4))))

    def _row(self, name: str) -> LoraRow:
        row = LoraRow(name, self._icons)
        row.changed.connect(lambda value: self._change(name, value, "LoRA strength"))
        row.removed.connect(lambda: self._change(name, None, "LoRA"))
        row.answered.connect(lambda like: self._tell(name, like))
        self._lines.addWidget(row)
        return row

    def _tell(self, name: str, like: str) -> None:
        known = next((k for k in self._models.found.shelf.loras if k.name == name), None)
        if known is not None:
            self._models.tell(known, like)

    def _fill_list(self) -> None:
        self.add.blockSignals(True)
        self.add.clear()
        self.add.addItem("Add a LoRA…", "")
        items = self.add.model()
        assert isinstance(items, QStandardItemModel)
        for number, (known, mismatch) in enumerate(self._offered, start=1):
            facts = mismatch or known.network
            self.add.addItem(" · ".join(filter(None, (known.name, facts))), known.name)
            self.add.setItemData(number, as_tip(mismatch), Qt.ItemDataRole.ToolTipRole)
            items.item(number).setEnabled(not mismatch)
        self.add.blockSignals(False)

    def _add(self, index: int) -> None:
        name = self.add.itemData(index)
        self.add.setCurrentIndex(0)
        if name and name not in dict(self._chosen):
            self.changed.emit((*self._chosen, (name, 1.0)), "LoRA")

    def _change(self, name: str, strength: float | None, what: str) -> None:
        """Another strength of one, or one less."""
        pairs = ((one, strength if one == name else other) for one, other in self._chosen)
        self.changed.emit(tuple((one, s) for one, s in pairs if s is not None), what)


def _mismatch(known: Known, draft: ClipRequest | None) -> str:
    """Why a LoRA does not fit the shot's models, or ""."""
    there = networks(draft) if draft else {known.network}
    if known.network in there:
        return ""
    models = ", ".join(sorted(filter(None, there))) or "of another kind"
    return (
        f"made for {known.network or 'a network that nothing tells'}; this shot's model is {models}"
    )


def made_of(state: ShotState) -> str:
    """What the words of the prompt become, where they do not say it themselves."""
    written = state.shot.prompt
    if state.request is None or not (has_wildcards(written) or without_any_tag(written) != written):
        return ""
    return f"Made of: {state.request.prompt}"


def without_any_tag(prompt: str) -> str:
    """The prompt without its LoRAs, whatever stands in them."""
    return without_tags(prompt)[0]
