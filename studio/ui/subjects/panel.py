"""The subjects: who or what can be in a clip, and how new ones are made."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QCheckBox, QStackedWidget, QVBoxLayout, QWidget

from studio.jobs.queue import Queue
from studio.project.subject import Subject
from studio.project.subjects import Learning
from studio.spec.subjects import DEFAULT_STEPS
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.images import Pictures
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.render_actions import RenderActions
from studio.ui.state.selection import Selection
from studio.ui.state.shot_state import PresentShot
from studio.ui.state.status import Status
from studio.ui.subjects.bin import SubjectBin
from studio.ui.subjects.card import SubjectCard
from studio.ui.subjects.drop_zone import DropZone, places_of
from studio.ui.subjects.form import NewSubject
from studio.ui.subjects.more_photos import MorePhotos
from studio.ui.subjects.training import Training, standing, training_of
from studio.ui.subjects.versions import Learned, Next, what_next
from studio.ui.widgets.adaptive import Buttons, scrolled
from studio.ui.widgets.controls import Panel, column, label, push, row, take_out, tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT

PRIVATE = "Photos never leave this computer."


class SubjectsPanel(Panel):
    """A list of cards; the chosen one shows its training.  Photos may be dropped anywhere.

    `removed` says which subject, and its name in the bin.
    """

    removed = Signal(str, str)
    letters_are_text = True

    def __init__(
        self,
        document: Document,
        queue: Queue,
        selection: Selection,
        status: Status,
        render_actions: RenderActions,
        job_monitor: JobMonitor,
        present: PresentShot,
        pictures: Pictures,
        background: Background,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._document, self._queue, self._render_actions = document, queue, render_actions
        self._selection, self._status = selection, status
        self._job_monitor, self._present = job_monitor, present
        self._pictures, self._background, self._icons = pictures, background, icons
        self.cards: dict[str, SubjectCard] = {}
        self.training: Training | None = None
        self._training_of, self._learning = 0, Learning()
        self.learned: Learned | None = None
        self.next: Next | None = None
        self._learned_of: str | None = None
        self.setAcceptDrops(True)
        self._build()
        self._connect()
        self.rebuild()

    @property
    def main_view(self) -> QWidget:
        if self.pages.currentWidget() is self.form_page:
            return self.form.name
        if self.pages.currentWidget() is self.more:
            return self.more.wall.more
        return self.cards.get(self._selection.subject, self)

    def begin(self, photos: list[Path]) -> None:
        """Open the form for a new subject with these photos."""
        taken = frozenset(s.name.casefold() for s in self._document.subjects)
        self.show_bin.setChecked(False)
        self._show(self.form_page)
        self.form.begin(photos, taken)

    def restore(self, name: str) -> None:
        """Bring a subject back from the bin and choose it."""

        def restored(back: str) -> None:
            self._selection.select_subject(back)
            other = "" if back == name else f" as “{back}”: its name is taken by now"
            self._status.post(f"The subject “{name}” is back{other}.")

        self._document.restore_subject(name, restored)

    def rebuild(self) -> None:
        """Make the cards anew from the subjects there are."""
        for card in self.cards.values():
            take_out(self._cards_box, card)
        damaged = tuple(Subject(name, "") for name in self._document.damaged)
        self.cards = {s.name: self._card(s) for s in (*self._document.subjects, *damaged)}
        for card in self.cards.values():
            self._cards_box.addWidget(card)
        self._learned_of = None
        self.reflect()

    def reflect(self) -> None:
        """Status lines and the training of the chosen subject."""
        if self._selection.subject not in self.cards and self.cards:
            self._selection.select_subject(next(iter(self.cards)))
        for subject in self._document.subjects:
            if subject.name in self.cards:
                self._reflect_card(subject)
        for name in set(self._document.damaged) & self.cards.keys():
            is_chosen = name == self._selection.subject
            self.cards[name].reflect("cannot be read", "attention", chosen=is_chosen)
        self._reflect_training()
        self._reflect_learned()
        self._reflect_bin()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        takes = self.more.wall.add if self.pages.currentWidget() is self.more else self.begin
        takes(places_of(event.mimeData()))

    def _build(self) -> None:
        self.form = NewSubject(self._present, self._pictures, self._icons)
        self.list_page, self.form_page = scrolled(self._list()), self.form
        self.bin = SubjectBin(self._document, self._pictures, self._icons)
        self.pages = QStackedWidget()
        self.more = MorePhotos(self._document, self._status, self._pictures, self._icons)
        for page in (self.list_page, self.form_page, self.bin, self.more):
            self.pages.addWidget(page)
        self.show_bin = QCheckBox()
        self.show_bin.setProperty("tone", "small")
        foot = row(label(PRIVATE, "small", wrap=True), self.show_bin)
        foot.layout().setStretch(0, 1)  # type: ignore[union-attr]
        foot.setContentsMargins(2 * UNIT, UNIT, UNIT, UNIT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages, 1)
        layout.addWidget(foot)

    def _list(self) -> QWidget:
        """The cards, what is known of the chosen one, and where photos can be dropped."""
        self._cards_box = QVBoxLayout()
        self._cards_box.setSpacing(0)
        self._detail = QVBoxLayout()
        self.remove_it = tool(self._icons, "bin", "Remove the chosen subject")
        self.train_again = push("Train", tip="Train the chosen subject, or go on training it")
        self.zone = DropZone("Drop 3 to 30 photos here to make a new subject", self._icons.theme)
        zone = row(self.zone, margin=2 * UNIT)
        inner = QWidget()
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(UNIT)
        box.addLayout(self._cards_box)
        box.addLayout(self._detail)
        self.start_anew = push("Start anew", tip="Forget what it learned; its versions are kept")
        self.takes = label("", "small", wrap=True)
        buttons = Buttons(self.remove_it, self.start_anew, self.train_again)
        trains = column(self.takes, buttons)
        trains.setContentsMargins(2 * UNIT, 0, 2 * UNIT, 0)
        box.addWidget(trains)
        box.addWidget(zone)
        box.addStretch(1)
        return inner

    def _connect(self) -> None:
        self.zone.dropped.connect(self.begin)
        self.form.ordered.connect(self._train_new)
        self.form.given_up.connect(self._show_list)
        self.more.over.connect(self._show_list)
        self.train_again.clicked.connect(lambda: self._train_chosen())
        self.start_anew.clicked.connect(lambda: self._train_chosen(anew=True))
        self.remove_it.clicked.connect(self._remove_chosen)
        self.show_bin.toggled.connect(self._show_list)
        self.bin.restore_asked.connect(self.restore)
        self._document.subjects_changed.connect(self.rebuild)
        self._document.changed.connect(self._reflect_next)
        self._selection.subject_selected.connect(lambda _: self.reflect())
        self._queue.changed.connect(self.reflect)
        self._queue.progressed.connect(self._hear)

    def _card(self, subject: Subject) -> SubjectCard:
        paths = self._document.photo_paths(subject)
        card = SubjectCard(subject, paths[0] if paths else None, self._pictures, self._icons)
        card.chosen.connect(self._selection.select_subject)
        return card

    def _reflect_card(self, subject: Subject) -> None:
        said, tone = standing(subject, self._job_monitor)
        self.cards[subject.name].reflect(said, tone, chosen=subject.name == self._selection.subject)

    def _reflect_training(self) -> None:
        job = (
            training_of(self._selection.subject, self._job_monitor)
            if self._selection.subject
            else None
        )
        wanted = job.id if job else 0
        if wanted == self._training_of:
            return
        if self.training:
            take_out(self._detail, self.training)
            self.training = None
        self._training_of = wanted
        if job:
            self.training = Training(
                job, self._queue, self._job_monitor, self._background, self._icons
            )
            self._detail.addWidget(self.training)

    def _reflect_learned(self) -> None:
        """What the chosen subject has learned, and what training it would do, unless it trains."""
        name = "" if self._training_of else self._selection.subject
        subject = self._document.subject(name)
        self.remove_it.setVisible(bool(name) and name in self.cards)
        if name == self._learned_of:
            return
        self._learned_of = name
        self._forget_learned()
        if subject:
            self._document.learning(name, lambda learning: self._show_learned(subject, learning))

    def _show_learned(self, subject: Subject, learning: Learning) -> None:
        if self._learned_of != subject.name or self._training_of:
            return
        self._forget_learned()
        self.learned = Learned(subject, learning, self._background, self._icons)
        use = self._document.use_version
        self.learned.version_chosen.connect(lambda file: use(subject.name, file))
        self.learned.photos_asked.connect(lambda: self._ask_for_more(subject))
        self._detail.addWidget(self.learned)
        self._learning = learning
        self._reflect_next()

    def _reflect_next(self) -> None:
        """What the button does: it depends on the shot's model, too."""
        subject = self._document.subject(self._selection.subject)
        if not subject or not self.learned:
            return
        self.next = what_next(subject, self._learning, self._present.state.model)
        self.train_again.setText(self.next.words)
        self.train_again.setVisible(True)
        self.takes.setText(self.next.takes)
        self.takes.setVisible(True)
        self.start_anew.setVisible(self.next.may_forget)

    def _forget_learned(self) -> None:
        if self.learned:
            take_out(self._detail, self.learned)
        self.learned = self.next = None
        for part in (self.train_again, self.start_anew, self.takes):
            part.setVisible(False)

    def _train_new(self, subject: Subject, photos: list[Path], steps: int) -> None:
        def adopted(made: Subject) -> None:
            self._selection.select_subject(made.name)
            self._render_actions.train(made.name, made.method, steps)
            self.form.clear()
            self._show_list()

        self._document.adopt(subject, photos, adopted)

    def _train_chosen(self, *, anew: bool = False) -> None:
        subject = self._document.subject(self._selection.subject)
        if subject and self.next:
            version = subject.version()
            method = version.method if version else subject.method
            steps = (subject.steps or DEFAULT_STEPS) if anew else self.next.steps
            self._render_actions.train(subject.name, method, steps, anew=anew or self.next.anew)

    def _ask_for_more(self, subject: Subject) -> None:
        self._show(self.more)
        self.more.begin(subject)

    def _remove_chosen(self) -> None:
        name = self._selection.subject
        self._document.remove_subject(name, lambda kept: self.removed.emit(name, kept))

    def _show_list(self) -> None:
        self._show(self.bin if self.show_bin.isChecked() else self.list_page)

    def _show(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)
        self._reflect_bin()

    def _reflect_bin(self) -> None:
        in_bin = len(self._document.bin)
        self.show_bin.setText(f"Bin ({in_bin})")
        has_place = self.pages.currentWidget() in (self.list_page, self.bin)
        self.show_bin.setVisible(has_place and (bool(in_bin) or self.show_bin.isChecked()))

    def _hear(self, id: int, _progress: object) -> None:
        job = self._job_monitor.job(id)
        subject = self._document.subject(str(job.payload.get("subject", "")))
        if job.kind == "train_subject" and subject and subject.name in self.cards:
            self._reflect_card(subject)
