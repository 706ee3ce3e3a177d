"""What a training would take, as it stands on the button that starts it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.library.models import Model
from studio.spec.plan.plan import Plan
from studio.ui.state.background import Background
from studio.ui.state.shot_state import PresentShot

if TYPE_CHECKING:
    from studio.jobs.planner import Planner


class TrainingPlans(QObject):
    """Makes the plans of several buttons, one after the other on a thread of `background`."""

    outdated = Signal()
    """More is known than before, or another budget is set: whoever has a plan makes it again."""

    def __init__(
        self, present: PresentShot, planner: "Planner | None", background: Background
    ) -> None:
        super().__init__()
        self.present, self.planner, self.background = present, planner, background

    def one(self, parent: QObject) -> "TrainingPlan":
        """The plan for another button."""
        return TrainingPlan(self, parent)


class TrainingPlan(QObject):
    """The plan of the last training that was asked about, with the shot's model.  What is not known
    is found out by shapes once the engine has been imported."""

    changed = Signal()

    def __init__(self, plans: TrainingPlans, parent: QObject) -> None:
        super().__init__(parent)
        self._plans = plans
        self.plan: Plan | None = None
        self._wanted, self._asked = ("", 0), (None, "", 0)
        plans.outdated.connect(self._again)

    def look(self, method: str, steps: int) -> None:
        """Plan so many steps by a method, with the model that the shot has by now; 0 steps have no
        plan."""
        self._wanted, model = (method, steps), self._plans.present.state.model
        asked = (model and (model.card.id, model.weights), method, steps)
        if asked == self._asked:
            return
        if (asked[0], method) != self._asked[:2]:
            self.plan = None  # another network's memory
        self._asked = asked
        self._ask(model)

    def _again(self) -> None:
        method, steps = self._wanted
        self._asked = (*self._asked[:2], 0)
        self.look(method, steps)

    def _ask(self, model: Model | None, *, find_out: bool = False) -> None:
        asked, (method, steps), planner = self._asked, self._wanted, self._plans.planner
        if planner is None or model is None or steps < 1:
            self._become(None)
            return

        def plan() -> Plan | None:
            if asked is not self._asked:
                return None
            return planner.plan_training(model, method, steps, find_out=find_out)

        def answered(found: Plan | None) -> None:
            if asked is not self._asked:
                return
            self._become(found)
            is_known = found is not None and found.peak is not None
            if not (find_out or is_known) and planner.can_find_out():
                self._ask(model, find_out=True)

        self._plans.background.ask(plan, answered, owner=self)

    def _become(self, plan: Plan | None) -> None:
        if plan != self.plan:
            self.plan = plan
            self.changed.emit()
