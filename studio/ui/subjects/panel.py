"""The subjects: who or what can be in a clip, and how new ones are made."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QCheckBox, QStackedWidget, QVBoxLayout, QWidget

from studio.jobs.payloads import ImportPayload, TrainingPayload
from studio.jobs.queue import Queue
from studio.jobs.subject_import import Brought, look
from studio.library.weight_files import is_weight_file
from studio.project.subject import Subject
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.images import ImageLoader
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.render_actions import RenderActions
from studio.ui.state.selection import Selection
from studio.ui.state.shot_state import PresentShot
from studio.ui.state.status import Status
from studio.ui.state.training_plan import TrainingPlans
from studio.ui.subjects.bin import SubjectBin
from studio.ui.subjects.card import SubjectCard
from studio.ui.subjects.details import SubjectDetails
from studio.ui.subjects.drop_zone import DropZone, places_of
from studio.ui.subjects.form import SubjectForm
from studio.ui.subjects.lora_form import LoraForm
from studio.ui.subjects.more_photos import MorePhotos
from studio.ui.subjects.training import standing
from studio.ui.widgets.adaptive import scrolled
from studio.ui.widgets.controls import Panel, label, push, remove_widget, row
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import ask_for_weights
from studio.ui.widgets.theme import UNIT

PRIVATE = "Photos never leave this computer."


class SubjectsPanel(Panel):
    """A list of cards; the chosen one shows its training.  Photos may be dropped anywhere.

    `removed` says which subject, and its name in the bin.
    """

    removed = Signal(str, str)
    refused = Signal(str, str)
    forget_asked = Signal(str)
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
        plans: TrainingPlans,
        pictures: ImageLoader,
        background: Background,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._document, self._queue, self._render_actions = document, queue, render_actions
        self._selection, self._status = selection, status
        self._job_monitor, self._present, self._plans = job_monitor, present, plans
        self._pictures, self._background, self._icons = pictures, background, icons
        self.details = SubjectDetails(
            document, queue, selection, render_actions, job_monitor, present, plans,
            background, icons,
        )  # fmt: skip
        self.cards: dict[str, SubjectCard] = {}
        self.setAcceptDrops(True)
        self._build()
        self._connect()
        self.rebuild()

    @property
    def main_view(self) -> QWidget:
        if self.pages.currentWidget() is self.form_page:
            return self.form.who.name
        if self.pages.currentWidget() is self.more:
            return self.more.wall.more
        if self.pages.currentWidget() is self.lora:
            return self.lora.who.name
        return self.cards.get(self._selection.subject, self)

    def begin(self, photos: list[Path]) -> None:
        """Open the form for a new subject with these photos."""
        taken = frozenset(s.name.casefold() for s in self._document.subjects)
        self.show_bin.setChecked(False)
        self._show(self.form_page)
        self.form.begin(photos, taken)

    def choose_lora(self) -> None:
        """Ask for a LoRA of somebody else, which becomes a subject."""
        ask_for_weights(self, "A LoRA as a subject", self.begin_lora)

    def begin_lora(self, file: Path) -> None:
        """Open the form for a LoRA once its header is read; what is none is refused."""

        def read(brought: Brought) -> None:
            self.show_bin.setChecked(False)
            self._show(self.lora)
            self.lora.begin(brought, self._document.subjects)

        self._background.ask(lambda: look(file), read, self._could_not, owner=self)

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
            remove_widget(self._cards_box, card)
        damaged = tuple(Subject(name, "") for name in self._document.damaged)
        self.cards = {s.name: self._card(s) for s in (*self._document.subjects, *damaged)}
        for card in self.cards.values():
            self._cards_box.addWidget(card)
        self.details.forget()
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
        self._place_details()
        self._reflect_bin()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        places = places_of(event.mimeData())
        weights = [place for place in places if is_weight_file(place)]
        if weights:
            self.begin_lora(weights[0])
            return
        takes = self.more.wall.add if self.pages.currentWidget() is self.more else self.begin
        takes(places)

    def _build(self) -> None:
        self.form = SubjectForm(self._present, self._plans, self._pictures, self._icons)
        self.list_page, self.form_page = scrolled(self._list()), self.form
        self.bin = SubjectBin(self._document, self._pictures, self._icons)
        self.pages = QStackedWidget()
        self.more = MorePhotos(self._document, self._status, self._pictures, self._icons)
        self.lora = LoraForm(self._present, self._icons)
        for page in (self.list_page, self.form_page, self.bin, self.more, self.lora):
            self.pages.addWidget(page)
        self.show_bin = QCheckBox()
        self.show_bin.setProperty("role", "small")
        foot = row(label(PRIVATE, "small", wrap=True), self.show_bin)
        foot.layout().setStretch(0, 1)  # type: ignore[union-attr]
        foot.setContentsMargins(2 * UNIT, UNIT, UNIT, UNIT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages, 1)
        layout.addWidget(foot)

    def _list(self) -> QWidget:
        """The cards, what is known of the chosen one under it, and where photos can be dropped."""
        self._cards_box = QVBoxLayout()
        self._cards_box.setSpacing(0)
        self.zone = DropZone("Drop 3 to 30 photos here to make a new subject", self._icons.theme)
        zone = row(self.zone, margin=2 * UNIT)
        tip = "A LoRA of somebody else, a .safetensors file, as a subject"
        self.import_it = push("Import a LoRA …", "link", tip=tip)
        imports = row(None, self.import_it)
        imports.setContentsMargins(2 * UNIT, 0, 2 * UNIT, 0)
        inner = QWidget()
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(UNIT)
        box.addLayout(self._cards_box)
        box.addWidget(zone)
        box.addWidget(imports)
        box.addStretch(1)
        return inner

    def _connect(self) -> None:
        self.zone.dropped.connect(self.begin)
        self.form.ordered.connect(self._train_new)
        self.form.given_up.connect(self._show_list)
        self.more.over.connect(self._show_list)
        self.import_it.clicked.connect(self.choose_lora)
        self.lora.ordered.connect(self._import)
        self.lora.given_up.connect(self._show_list)
        self.details.removed.connect(self.removed)
        self.details.photos_asked.connect(self._ask_for_more)
        self.show_bin.toggled.connect(self._show_list)
        self.bin.restore_asked.connect(self.restore)
        self.bin.forget_asked.connect(self.forget_asked)
        self._document.subjects_changed.connect(self.rebuild)
        self._selection.subject_selected.connect(lambda _: self.reflect())
        self._queue.changed.connect(self.reflect)
        self._queue.progressed.connect(self._on_progress)

    def _card(self, subject: Subject) -> SubjectCard:
        paths = self._document.photo_paths(subject)
        card = SubjectCard(subject, paths[0] if paths else None, self._pictures, self._icons)
        card.chosen.connect(self._selection.select_subject)
        return card

    def _place_details(self) -> None:
        """Under the card of the chosen subject."""
        card = self.cards.get(self._selection.subject)
        self._cards_box.removeWidget(self.details)
        below = self._cards_box.indexOf(card) + 1 if card else self._cards_box.count()
        self._cards_box.insertWidget(below, self.details)
        self.details.reflect(is_there=card is not None)

    def _reflect_card(self, subject: Subject) -> None:
        status, role = standing(subject, self._job_monitor)
        self.cards[subject.name].reflect(
            status, role, chosen=subject.name == self._selection.subject
        )

    def _train_new(self, subject: Subject, photos: list[Path], steps: int) -> None:
        def adopted(made: Subject) -> None:
            self._selection.select_subject(made.name)
            self._render_actions.train(made.name, made.method, steps)
            self.form.clear()
            self._show_list()

        self._document.adopt(subject, photos, adopted)

    def _import(self, order: ImportPayload) -> None:
        self._render_actions.import_lora(order)
        self._show_list()

    def _could_not(self, error: Exception) -> None:
        if not isinstance(error, Refusal):
            raise error
        self.refused.emit(error.what, error.hint)

    def _ask_for_more(self, subject: Subject) -> None:
        self._show(self.more)
        self.more.begin(subject)

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

    def _on_progress(self, id: int, _progress: object) -> None:
        job = self._job_monitor.job(id)
        name = job.typed.subject if isinstance(job.typed, TrainingPayload) else ""
        subject = self._document.subject(name)
        if subject and subject.name in self.cards:
            self._reflect_card(subject)
