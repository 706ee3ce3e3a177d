"""The plan of the present shot: what rendering it would take, as it stands beside the button."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.jobs.budget import Budget
from studio.spec.forecast import MADE
from studio.spec.plan.plan import Plan
from studio.spec.spans import spans
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.render_forecast import RenderForecast
from studio.ui.state.shot_state import PresentShot

if TYPE_CHECKING:
    from studio.jobs.planner import Planner
    from studio.project.takes import TakeStore

KEYFRAMES, CLIP = "keyframes", "clip"


class RenderPlan(QObject):
    """Plans anew after every look at the store; what is not known is found out by shapes, one thing
    at a time on a thread for plans, once the engine has been imported."""

    changed = Signal()
    budget_set = Signal()

    def __init__(
        self,
        document: Document,
        present: PresentShot,
        render_forecast: RenderForecast,
        span_results: "TakeStore",
        planner: "Planner | None",
        background: Background,
    ) -> None:
        """`background` has one thread, on which nothing else waits for long."""
        super().__init__()
        self._document, self._present, self._span_results = document, present, span_results
        self._planner, self._background = planner, background
        self._forecast, self.next_step = render_forecast, KEYFRAMES
        """What is asked for next: `KEYFRAMES`, then the `CLIP`, then nothing: ""."""
        self.plan: Plan | None = None
        self._asked = 0
        render_forecast.changed.connect(self.look)

    @property
    def budget(self) -> Budget | None:
        """The setting of how much memory is used; None where nothing is planned."""
        return self._planner.setting if self._planner else None

    def set_budget(self, gigabytes: float | None) -> None:
        """Use so much memory from now on, or what is free."""
        if self._planner:
            self._planner.set_budget(gigabytes)
            self.look()
            self.budget_set.emit()

    def look(self) -> None:
        """Plan again; of several plans the last one counts."""
        self._asked += 1
        found, stage = self._forecast.forecast, self._forecast.stage("keyframes")
        step = KEYFRAMES
        if found is not None and stage is not None and stage.state == MADE:
            step = CLIP if found.work.missing else ""
        if step != self.next_step:
            self.next_step = step
            self.changed.emit()
        self._ask(self._asked, find_out=False)

    def stop(self) -> None:
        """Plan no more: the window closes."""
        self._asked += 1

    def _ask(self, asked: int, *, find_out: bool) -> None:
        request, planner = self._present.state.request, self._planner
        if request is None or planner is None:
            self._become(None)
            return
        has, folder = self._span_results.has, self._document.folder

        def plan() -> Plan | None:
            if asked != self._asked:
                return None
            missing = [span for span in spans(request) if not has(span.key)]
            return planner.plan(missing, folder, find_out=find_out)

        def answered(found: Plan | None) -> None:
            if asked != self._asked:
                return
            self._become(found)
            if not find_out and planner.can_find_out() and (found is None or found.peak is None):
                self._ask(asked, find_out=True)

        self._background.ask(plan, answered, owner=self)

    def _become(self, plan: Plan | None) -> None:
        if plan != self.plan:
            self.plan = plan
            self.changed.emit()
