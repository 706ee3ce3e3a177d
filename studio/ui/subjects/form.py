"""The form for a new subject: photos, a name, a word for what it is."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.project.subject import Subject
from studio.spec.numbers import possible
from studio.spec.plan import words
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.spec.subjects import DEFAULT_STEPS, FEWEST_PHOTOS, MOST_PHOTOS, RARE_TOKENS
from studio.ui.state.images import ImageLoader
from studio.ui.state.shot_state import PresentShot
from studio.ui.state.training_plan import TrainingPlans
from studio.ui.subjects.next_training import MOST_AT_ONCE, usual_steps
from studio.ui.subjects.photo_wall import PhotoWall
from studio.ui.subjects.who import Who
from studio.ui.widgets import theme
from studio.ui.widgets.adaptive import ComboBox, above_foot, field
from studio.ui.widgets.controls import Collapsible, column, label, line, push, set_enabled, tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.number_field import NumberField, number_row
from studio.ui.widgets.planned import Planned


class SubjectForm(QWidget):
    """Everything before Train, which says what it will take."""

    ordered = Signal(object, object, int)  # Subject, list[Path], steps
    given_up = Signal()

    def __init__(
        self, present: PresentShot, plans: TrainingPlans, pictures: ImageLoader, icons: Icons
    ) -> None:
        super().__init__()
        self._present, self._plan, self._reason = present, plans.one(self), ""
        self._build(pictures, icons)
        self._connect()
        self.reflect()

    def begin(self, photos: list[Path], taken: frozenset[str]) -> None:
        """Start with these photos; `taken` are the names that are in use."""
        if not self.wall.good:
            self.steps.reflect(usual_steps(self._present.state.model))
        self.wall.add(photos)
        self.who.begin(taken)
        self.reflect()

    def clear(self) -> None:
        """Forget everything: the subject is on its way, or was given up."""
        self.wall.clear()
        self.who.clear()
        self.steps.reflect(DEFAULT_STEPS)
        self.reflect()

    def subject(self) -> Subject:
        """What the form says; refused where that is no subject yet."""
        if not FEWEST_PHOTOS <= len(self.wall.good) <= MOST_PHOTOS:
            raise Refusal(
                f"{count(len(self.wall.good), 'photo')} will not do.",
                f"Use {FEWEST_PHOTOS} to {MOST_PHOTOS} photos of the same subject.",
            )
        method, model = self.method.currentData(), self._present.state.model
        if model is not None:
            model.card.subjects.check(model.card.name, method)
        return replace(self.who.subject(), token=self.token.currentText(), method=method)

    def reflect(self) -> None:
        self.who.reflect()
        try:
            self.subject()
            self._reason = ""
        except Refusal as refusal:
            self._reason = str(refusal)
        self.reason.setText(self._reason)
        self.reason.setVisible(bool(self._reason))
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Ask what the training would take, once there are photos to learn from."""
        steps = int(self.steps.value()) if self.wall.good else 0
        self._plan.look(self.method.currentData(), steps)
        self._reflect_plan()

    def _reflect_plan(self) -> None:
        plan, help = self._plan.plan, "Learn this subject from the photos"
        self.train.say("Train", words.beside(plan) if plan else "")
        set_enabled(self.train, self._reason, f"{help}\n{words.whole(plan)}" if plan else help)

    def _build(self, pictures: ImageLoader, icons: Icons) -> None:
        self.wall, self.who = PhotoWall(pictures, icons), Who(self._present, icons)
        self.token, self.method, self.steps = (
            ComboBox(),
            ComboBox(),
            NumberField(" steps", " step", in_document=False),
        )
        self.token.addItems(RARE_TOKENS)
        tip(self.token, "A rare word that will stand for the subject in prompts")
        self.method.addItem("LoRA: small and quick", "lora")
        self.method.addItem("DreamBooth: the whole network", "dreambooth")
        self.steps.allow(possible(1, MOST_AT_ONCE))
        self.steps.reflect(DEFAULT_STEPS)
        more = column(
            field("Token", self.token),
            field("Method", self.method),
            number_row("Length", self.steps),
        )
        self.fold = Collapsible("Token and method", more, icons)
        self.give_up = push("Cancel")
        self.train = Planned("Train", "primary")
        self.reason = label("", "small", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        """The fields are scrolled where they are too high; what ends the form stays in sight."""
        fields = column(
            label("New subject", "title"), self.wall, self.who, self.fold,
            gap=theme.UNIT, margin=2 * theme.UNIT,
        )  # fmt: skip
        foot = column(line(), self.reason, self.train, self.give_up)
        foot.setContentsMargins(2 * theme.UNIT, 0, 2 * theme.UNIT, theme.UNIT)
        above_foot(self, fields, foot)

    def _connect(self) -> None:
        self.who.done.connect(self._order)
        for source in (self.who.changed, self.wall.changed):
            source.connect(self.reflect)
        self.steps.changed.connect(lambda *_: self._look_ahead())
        for choice in (self.method.activated, self._present.changed):
            choice.connect(lambda *_: self.reflect())
        self._plan.changed.connect(self._reflect_plan)
        self.train.clicked.connect(self._order)
        self.give_up.clicked.connect(self._stop)

    def _order(self) -> None:
        if self.train.isEnabled():
            self.ordered.emit(self.subject(), list(self.wall.good), int(self.steps.value()))

    def _stop(self) -> None:
        self.clear()
        self.given_up.emit()
