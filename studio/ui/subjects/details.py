"""What is known of the chosen subject, and the buttons that train or remove it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.jobs.queue import Queue
from studio.library.models import Model
from studio.project.subject import Subject
from studio.project.subjects import Learning
from studio.spec.numbers import possible
from studio.spec.plan import words
from studio.spec.plan.plan import Plan
from studio.spec.refusal import Refusal
from studio.spec.subjects import DEFAULT_STEPS
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.render_actions import RenderActions
from studio.ui.state.selection import Selection
from studio.ui.state.shot_state import PresentShot
from studio.ui.state.training_plan import TrainingPlans
from studio.ui.subjects.next_training import MOST_AT_ONCE, NextTraining, usual_steps, what_next
from studio.ui.subjects.training import Training, training_of
from studio.ui.subjects.versions import TrainingResults
from studio.ui.widgets.adaptive import Buttons
from studio.ui.widgets.controls import column, label, push, remove_widget, set_enabled, tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.number_field import NumberField, number_row
from studio.ui.widgets.planned import Planned
from studio.ui.widgets.theme import UNIT

TRAIN = "Train the chosen subject, or go on training it"


class SubjectDetails(QWidget):
    """Its training while it lasts; else what it has learned, and what training it would do.

    `removed` says which subject, and its name in the bin.
    """

    removed = Signal(str, str)
    photos_asked = Signal(object)  # Subject

    def __init__(
        self,
        document: Document,
        queue: Queue,
        selection: Selection,
        render_actions: RenderActions,
        job_monitor: JobMonitor,
        present: PresentShot,
        plans: TrainingPlans,
        background: Background,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._takes = plans.one(self)
        self._document, self._queue, self._selection = document, queue, selection
        self._render_actions, self._job_monitor = render_actions, job_monitor
        self._present, self._background, self._icons = present, background, icons
        self.training: Training | None = None
        self.learned: TrainingResults | None = None
        self.next: NextTraining | None = None
        self._training_of, self._learning = 0, Learning()
        self._learned_of: str | None = None
        self._length: int | None = None
        self._build(icons)
        self._connect()

    def reflect(self, *, is_there: bool) -> None:
        """Show the chosen subject; `is_there` tells whether there is one."""
        self.setVisible(is_there)
        self._reflect_training()
        self._reflect_learned()
        self.remove_it.setVisible(not self._training_of)

    def forget(self) -> None:
        """Read the subject again when it is shown next: something of it has changed."""
        self._learned_of = None

    def _build(self, icons: Icons) -> None:
        self._shown = QVBoxLayout()
        self.remove_it = tool(icons, "bin", "Remove the chosen subject")
        self.train_again = Planned("Train")
        self.start_anew = push("Start anew", tip="Forget what it learned; its versions are kept")
        self.plan = label("", "small", wrap=True)
        self.steps = NumberField(" steps", " step", in_document=False)
        self.steps.allow(possible(1, MOST_AT_ONCE))
        self.length = number_row("Length", self.steps)
        others = Buttons(self.remove_it, self.start_anew)
        trains = column(self.plan, self.length, self.train_again, others)
        trains.setContentsMargins(2 * UNIT, 0, 2 * UNIT, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, UNIT, 0, 0)
        layout.setSpacing(UNIT)
        layout.addLayout(self._shown)
        layout.addWidget(trains)

    def _connect(self) -> None:
        self.steps.changed.connect(self._choose_length)
        self.train_again.clicked.connect(lambda: self._train())
        self.start_anew.clicked.connect(lambda: self._train(anew=True))
        self.remove_it.clicked.connect(self._remove)
        self._present.changed.connect(self._reflect_next)
        self._takes.changed.connect(self._reflect_next)

    def _reflect_training(self) -> None:
        name = self._selection.subject
        job = training_of(name, self._job_monitor) if name else None
        wanted = job.id if job else 0
        if wanted == self._training_of:
            return
        if self.training:
            remove_widget(self._shown, self.training)
            self.training = None
        self._training_of = wanted
        if job:
            self.training = Training(
                job, self._queue, self._job_monitor, self._background, self._icons
            )
            self._shown.addWidget(self.training)

    def _reflect_learned(self) -> None:
        """What the subject has learned, and what training it would do, unless it trains."""
        name = "" if self._training_of else self._selection.subject
        if name == self._learned_of:
            return
        self._learned_of = name
        self._forget_learned()
        if subject := self._document.subject(name):
            self._document.learning(name, lambda learning: self._show_learned(subject, learning))

    def _show_learned(self, subject: Subject, learning: Learning) -> None:
        if self._learned_of != subject.name or self._training_of:
            return
        self._forget_learned()
        self.learned = TrainingResults(subject, learning, self._background, self._icons)
        use = self._document.use_version
        self.learned.version_chosen.connect(lambda file: use(subject.name, file))
        self.learned.photos_asked.connect(lambda: self.photos_asked.emit(subject))
        self._shown.addWidget(self.learned)
        self._learning = learning
        self._reflect_next()

    def _reflect_next(self) -> None:
        """What the button does: it depends on the shot's model, too."""
        subject = self._document.subject(self._selection.subject)
        if not subject or not self.learned:
            return
        model = self._present.state.model
        takes = self._look_ahead(subject)
        timed = takes is not None and takes.seconds is not None
        self.next = what_next(subject, self._learning, model, self._length, timed=timed)
        self.train_again.say(self.next.words, words.beside(takes) if takes else "")
        reason = _untaught(subject, self._method(subject), self._present.state.model)
        set_enabled(self.train_again, reason, f"{TRAIN}\n{words.whole(takes)}" if takes else TRAIN)
        self.train_again.setVisible(True)
        self.plan.setText(self.next.plan)
        self.plan.setVisible(True)
        self.steps.reflect(self.next.length or DEFAULT_STEPS)
        self.length.setVisible(self.next.length > 0)
        self.start_anew.setVisible(self.next.may_forget)

    def _look_ahead(self, subject: Subject) -> Plan | None:
        """What the next training takes, as far as that is known."""
        coming = what_next(subject, self._learning, self._present.state.model, self._length)
        self._takes.look(self._method(subject), coming.ahead)
        return self._takes.plan

    def _choose_length(self, steps: object) -> None:
        self._length = int(self.steps.value())
        self._reflect_next()

    def _forget_learned(self) -> None:
        if self.learned:
            remove_widget(self._shown, self.learned)
        self.learned = self.next = self._length = None
        for part in (self.train_again, self.start_anew, self.plan, self.length):
            part.setVisible(False)

    def _train(self, *, anew: bool = False) -> None:
        subject = self._document.subject(self._selection.subject)
        if subject and self.next:
            method, steps = self._method(subject), self.next.steps
            if anew:
                steps = subject.steps or usual_steps(self._present.state.model)
            self._render_actions.train(subject.name, method, steps, anew=anew or self.next.anew)

    def _method(self, subject: Subject) -> str:
        """That by which it was trained, where the shot's model learns by it."""
        version, model = subject.version(), self._present.state.model
        wanted = version.method if version else subject.method
        there = model.card.subjects.methods if model else ()
        return wanted if wanted in there or not there else there[0]

    def _remove(self) -> None:
        name = self._selection.subject
        self._document.remove_subject(name, lambda kept: self.removed.emit(name, kept))


def _untaught(subject: Subject, method: str, model: Model | None) -> str:
    """Why a subject cannot be trained, or "": one that was a LoRA of somebody's has no photos."""
    if not subject.photos:
        return "It has no photos to learn from: add some."
    try:
        if model is not None:
            model.card.subjects.check(model.card.name, method)
    except Refusal as refusal:
        return str(refusal)
    return ""
