"""The bin of the subjects: what was removed waits here, and can be brought back."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from studio.project.subject import Subject
from studio.ui.state.document import Document
from studio.ui.state.images import ImageLoader
from studio.ui.subjects.card import SubjectCard
from studio.ui.widgets.adaptive import scrolled
from studio.ui.widgets.controls import EmptyState, push, remove_widget, row
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT


class SubjectBin(QWidget):
    """Cards like those of the subjects there are; the chosen one is what the button means."""

    restore_asked = Signal(str)

    def __init__(self, document: Document, pictures: ImageLoader, icons: Icons) -> None:
        super().__init__()
        self._document, self._pictures, self._icons = document, pictures, icons
        self.cards: dict[str, SubjectCard] = {}
        self.chosen = ""
        self._build()
        self.restore_it.clicked.connect(lambda: self.restore_asked.emit(self.chosen))
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
        restores = row(None, self.restore_it)
        restores.setContentsMargins(2 * UNIT, 0, 2 * UNIT, 0)
        inner = QWidget()
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(UNIT)
        box.addLayout(self._cards_box)
        box.addWidget(restores)
        box.addStretch(1)
        step = "Removed subjects wait here."
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
            status = "in the bin" if subject.class_noun else "in the bin · cannot be read"
            self.cards[subject.name].reflect(status, "small", chosen=subject.name == name)
