"""Who or what a subject is: its name, a word for it, and whether it is a person who agreed."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from studio.project.subject import Subject, checked_name
from studio.spec.refusal import Refusal, shown
from studio.spec.subjects import Spoken, spoken_of
from studio.spec.vocabulary import nearest_noun
from studio.ui.state.shot_state import PresentShot
from studio.ui.subjects.consent import Consent
from studio.ui.widgets.adaptive import CheckBox, field
from studio.ui.widgets.controls import label
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT


class Who(QWidget):
    """Fields of a form; asks for consent before a person is taught."""

    changed = Signal()
    done = Signal()
    """Enter was pressed in a field."""

    def __init__(self, present: PresentShot, icons: Icons) -> None:
        super().__init__()
        self._present = present
        self._taken: frozenset[str] = frozenset()
        self.name, self.noun = QLineEdit(), QLineEdit()
        self.name.setPlaceholderText("rex")
        self.noun.setPlaceholderText("dog")
        self.noun_note = label("", "small", wrap=True)
        self.person = CheckBox("This is a person")
        self.no_person = CheckBox("This is an animal or a thing")
        self.consent = Consent(icons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        for part in (
            field("Name", self.name), field("What it is", self.noun), self.noun_note, self.person,
            self.no_person, self.consent,
        ):  # fmt: skip
            layout.addWidget(part)
        self._connect()

    def begin(self, taken: frozenset[str]) -> None:
        """`taken` are the names that are in use, in lower case."""
        self._taken = taken
        self.name.setFocus()

    def clear(self) -> None:
        """Forget all answers."""
        self.name.clear()
        self.noun.clear()
        self.person.setChecked(False)
        self.no_person.setChecked(False)
        self.consent.reset()

    def subject(self) -> Subject:
        """What the fields hold so far; refused where something lacks."""
        name = checked_name(self.name.text().strip()) if self.name.text().strip() else ""
        if not name:
            raise Refusal("The subject has no name yet.", "Give it one, for example “rex”.")
        if name.casefold() in self._taken:
            raise Refusal(f"There is a subject “{name}” already.", "Choose another name.")
        if not self.noun.text().strip():
            raise Refusal("It is not said what the subject is.", "One word will do, such as “dog”.")
        if self._spoken is Spoken.UNKNOWN and not (self.is_person or self.no_person.isChecked()):
            raise Refusal("It is not said whether this is a person.", "Tick which it is.")
        if self.is_person and not self.consent.given:
            raise Refusal("This subject is a person.", "Confirm the consent first.")
        return Subject(
            name=name,
            class_noun=self.noun.text().strip(),
            is_person=self.is_person,
            consent=self.consent.given,
        )

    @property
    def is_person(self) -> bool:
        return self.person.isChecked() or self._spoken is Spoken.PERSON

    def reflect(self) -> None:
        self.consent.setVisible(self.is_person)
        self.person.setVisible(self._spoken is not Spoken.PERSON)
        self.no_person.setVisible(self._spoken is Spoken.UNKNOWN and bool(self.noun.text().strip()))
        self._reflect_noun()

    @property
    def _spoken(self) -> Spoken:
        return spoken_of(self.noun.text())

    def _connect(self) -> None:
        self.noun.textChanged.connect(lambda _: self.no_person.setChecked(False))
        for text in (self.name, self.noun):
            text.textChanged.connect(self.changed)
            text.returnPressed.connect(self.done)
        self._present.changed.connect(self._reflect_noun)
        self.person.toggled.connect(partial(self._answered, self.no_person))
        self.no_person.toggled.connect(partial(self._answered, self.person))
        self.consent.changed.connect(self.changed)

    def _answered(self, other: CheckBox, ticked: bool) -> None:
        """One answer takes the other back."""
        if ticked:
            other.setChecked(False)
        self.changed.emit()

    def _reflect_noun(self) -> None:
        noun = self.noun.text().strip()
        model = self._present.state.model  # which will learn the subject
        vocabulary = model.card.subjects.words if model else None
        stands_in = nearest_noun(noun, vocabulary) if noun else noun
        self.noun_note.setVisible(stands_in != noun)
        self.noun_note.setText(
            f"The model does not know “{shown(noun)}”; it starts from “{stands_in}”."
        )
