"""The bin of the subjects: what was removed waits here, and can be brought back."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QStackedWidget, QVBoxLayout, QWidget

from studio.project.subject import Subject
from studio.spec.quantities import count
from studio.ui.state.document import Document
from studio.ui.state.images import ImageLoader
from studio.ui.subjects.card import SubjectCard
from studio.ui.widgets.adaptive import Buttons, scrolled
from studio.ui.widgets.controls import EmptyState, label, push, remove_widget, row
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import open_dialog
from studio.ui.widgets.theme import UNIT

GOES = (
    "Its photos, trainings and all takes of it are removed from this computer, and its name from "
    "words, the queue, undo and older versions of your projects.",
    "Files that you exported stay where you put them. This cannot be undone.",
)


class SubjectBin(QWidget):
    """Cards like those of the subjects there are; the chosen one is what the button means."""

    restore_asked = Signal(str)
    forget_asked = Signal(str)

    def __init__(self, document: Document, pictures: ImageLoader, icons: Icons) -> None:
        super().__init__()
        self._document, self._pictures, self._icons = document, pictures, icons
        self.cards: dict[str, SubjectCard] = {}
        self.chosen = ""
        self._build()
        self.restore_it.clicked.connect(lambda: self.restore_asked.emit(self.chosen))
        self.forget_it.clicked.connect(self._ask_to_forget)
        document.subjects_changed.connect(self.rebuild)
        self.rebuild()

    def rebuild(self) -> None:
        """Make the cards anew from what lies in the bin."""
        for card in self.cards.values():
            remove_widget(self._cards_box, card)
        self.cards = {subject.name: self._card(subject) for subject in self._document.bin}
        for card in self.cards.values():
            self._cards_box.addWidget(card)
        self._choose(self.chosen if self.chosen in self.cards else next(iter(self.cards), ""))
        self.pages.setCurrentIndex(0 if self.cards else 1)

    def _build(self) -> None:
        self._cards_box = QVBoxLayout()
        self._cards_box.setSpacing(0)
        self.restore_it = push("Take out of the bin", tip="Bring the chosen subject back")
        self.restore_it.setIcon(self._icons("retry"))
        self.forget_it = push("Delete for good …", tip="Remove it and all that was made of it")
        restores = Buttons(self.forget_it, self.restore_it)
        restores.setContentsMargins(2 * UNIT, 0, 2 * UNIT, 0)
        inner = QWidget()
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(UNIT)
        box.addLayout(self._cards_box)
        box.addWidget(restores)
        box.addStretch(1)
        step = "Removed subjects wait here for 30 days."
        self.pages = QStackedWidget()
        self.pages.addWidget(scrolled(inner))
        self.pages.addWidget(EmptyState(self._icons, "bin", "The bin is empty", step))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)

    def _card(self, subject: Subject) -> SubjectCard:
        photos = self._document.photo_paths(subject, in_bin=True)
        card = SubjectCard(subject, photos[0] if photos else None, self._pictures, self._icons)
        card.chosen.connect(self._choose)
        return card

    def _choose(self, name: str) -> None:
        self.chosen = name
        for subject in self._document.bin:
            left = f"in the bin · {count(self._document.days_left(subject.name), 'day')} left"
            status = left if subject.class_noun else f"{left} · cannot be read"
            self.cards[subject.name].reflect(status, "small", chosen=subject.name == name)

    def _ask_to_forget(self) -> None:
        dialog = ForgetDialog(self.chosen, self)
        dialog.accepted.connect(lambda: self.forget_asked.emit(dialog.subject))
        open_dialog(dialog)


class ForgetDialog(QDialog):
    """Says what goes before a subject is deleted for good."""

    def __init__(self, subject: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.subject = subject
        self.setWindowTitle(f"Delete “{subject}” for good")
        self.setFixedWidth(460)
        self.forget, cancel = push("Delete for good"), push("Cancel", "primary")
        cancel.setDefault(True)
        self.forget.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.setSpacing(UNIT + UNIT // 2)
        for words in GOES:
            layout.addWidget(label(words, wrap=True))
        layout.addWidget(row(None, self.forget, cancel))
