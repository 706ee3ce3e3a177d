"""What rendering takes, on its button; and how much of the device's memory may be used."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.spec.plan import words
from studio.spec.quantities import clip_length, count, rate
from studio.ui.state.render_plan import RenderPlan
from studio.ui.state.shot_state import ShotState
from studio.ui.widgets.adaptive import ComboBox, field
from studio.ui.widgets.controls import set_enabled, tip
from studio.ui.widgets.planned import Planned

CHOICES = (2, 4, 6, 8, 10, 12, 16, 24, 32, 48)
"""Gigabytes."""
FREE = "All that is free"
HELP = "Where a clip would need more, it is made in a lighter and slower way"


class BudgetChoice(QWidget):
    """A box of sizes."""

    changed = Signal(object)
    """Gigabytes, None for what is free."""

    def __init__(self) -> None:
        super().__init__()
        self.box = ComboBox()
        self.box.addItem(FREE, None)
        for gigabytes in CHOICES:
            self.box.addItem(f"{gigabytes} GB", float(gigabytes))
        tip(self.box, HELP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(field("Memory", self.box))
        self.box.activated.connect(lambda index: self.changed.emit(self.box.itemData(index)))

    def reflect(self, gigabytes: float | None) -> None:
        """Show a setting; one that is none of the choices is added to them."""
        at = next((k for k in range(self.box.count()) if self.box.itemData(k) == gigabytes), -1)
        if at < 0:
            self.box.addItem(f"{gigabytes:g} GB", gigabytes)
            at = self.box.count() - 1
        self.box.setCurrentIndex(at)


def show_plan(plan: RenderPlan, button: Planned, budget: BudgetChoice, reason: str) -> None:
    """A plan on the button that starts it, in full where the mouse rests on it; the button is off for
    a `reason`, if there is one."""
    button.say("Render", words.beside(plan.plan) if plan.plan else "")
    help = "Make the whole clip (Ctrl+Shift+Enter)"
    set_enabled(button, reason, f"{help}\n{words.whole(plan.plan)}" if plan.plan else help)
    budget.setVisible(plan.budget is not None)
    if plan.budget is not None:
        budget.reflect(plan.budget.gigabytes)


def clip_facts(state: ShotState) -> str:
    """What the clip would be, whether or not it can be made."""
    model, draft, others = state.model, state.draft, state.others.values()
    if model is None or draft is None:
        return ""
    return " · ".join(
        (
            count(draft.frames, "frame"),
            f"{clip_length(draft.frames, draft.rate)} at {rate(draft.rate)}",
            f"{draft.width} × {draft.height} px",
            ", ".join(dict.fromkeys((model.card.name, *(m.card.name for m in others)))),
        )
    )
