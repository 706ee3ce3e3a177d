"""The form for a new subject: photos, a name, a word for what it is."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from studio.project.subject import Subject, checked_name
from studio.spec.numbers import possible
from studio.spec.quantities import count
from studio.spec.refusal import Refusal, shown
from studio.spec.subjects import (
    DEFAULT_STEPS,
    FEWEST_PHOTOS,
    MOST_PHOTOS,
    RARE_TOKENS,
    Spoken,
    spoken_of,
)
from studio.spec.vocabulary import nearest_noun
from studio.ui.state.images import ImageLoader
from studio.ui.state.shot_state import PresentShot
from studio.ui.subjects.consent import Consent
from studio.ui.subjects.next_training import MOST_AT_ONCE, usual_steps
from studio.ui.subjects.photo_wall import PhotoWall
from studio.ui.widgets import theme
from studio.ui.widgets.adaptive import CheckBox, ComboBox, field, scrolled
from studio.ui.widgets.controls import Collapsible, column, label, line, push, row, set_enabled, tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.number_field import NumberField, number_row


class SubjectForm(QWidget):
    """Everything before Train; asks for consent before a person is trained."""

    ordered = Signal(object, object, int)  # Subject, list[Path], steps
    given_up = Signal()

    def __init__(self, present: PresentShot, pictures: ImageLoader, icons: Icons) -> None:
        super().__init__()
        self._present = present
        self._taken: frozenset[str] = frozenset()
        self._build(pictures, icons)
        self._connect()
        self.reflect()

    def begin(self, photos: list[Path], taken: frozenset[str]) -> None:
        """Start with these photos; `taken` are the names that are in use."""
        self._taken = taken
        if not self.wall.good:
            self.steps.reflect(usual_steps(self._present.state.model))
        self.wall.add(photos)
        self.name.setFocus()
        self.reflect()

    def clear(self) -> None:
        """Forget everything: the subject is on its way, or was given up."""
        self.wall.clear()
        self.name.clear()
        self.noun.clear()
        self.steps.reflect(DEFAULT_STEPS)
        self.person.setChecked(False)
        self.no_person.setChecked(False)
        self.consent.reset()
        self.reflect()

    def subject(self) -> Subject:
        """What the form says; refused where that is no subject yet."""
        if not FEWEST_PHOTOS <= len(self.wall.good) <= MOST_PHOTOS:
            raise Refusal(
                f"{count(len(self.wall.good), 'photo')} will not do.",
                f"Use {FEWEST_PHOTOS} to {MOST_PHOTOS} photos of the same subject.",
            )
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
            token=self.token.currentText(),
            method=self.method.currentData(),
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
        try:
            self.subject()
            disabled_reason = ""
        except Refusal as refusal:
            disabled_reason = str(refusal)
        set_enabled(self.train, disabled_reason, "Learn this subject from the photos")
        self.reason.setText(disabled_reason)
        self.reason.setVisible(bool(disabled_reason))
        self._reflect_noun()

    @property
    def _spoken(self) -> Spoken:
        return spoken_of(self.noun.text())

    def _answered(self, other: CheckBox, ticked: bool) -> None:
        """One answer takes the other back."""
        if ticked:
            other.setChecked(False)
        self.reflect()

    def _reflect_noun(self) -> None:
        noun = self.noun.text().strip()
        model = self._present.state.model  # which will learn the subject
        vocabulary = model.card.subjects.words if model else None
        stands_in = nearest_noun(noun, vocabulary) if noun else noun
        self.noun_note.setVisible(stands_in != noun)
        self.noun_note.setText(
            f"The model does not know “{shown(noun)}”; it starts from “{stands_in}”."
        )

    def _build(self, pictures: ImageLoader, icons: Icons) -> None:
        self.wall = PhotoWall(pictures, icons)
        self.name, self.noun = QLineEdit(), QLineEdit()
        self.name.setPlaceholderText("rex")
        self.noun.setPlaceholderText("dog")
        self.noun_note = label("", "small", wrap=True)
        self.person = CheckBox("This is a person")
        self.no_person = CheckBox("This is an animal or a thing")
        self.consent = Consent(icons)
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
        self.train = push("Train", "primary")
        self.reason = label("", "small", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        """The fields are scrolled where they are too high; what ends the form stays in sight."""
        fields = column(
            label("New subject", "title"), self.wall, field("Name", self.name),
            field("What it is", self.noun), self.noun_note, self.person, self.no_person,
            self.consent, self.fold,
            gap=theme.UNIT, margin=2 * theme.UNIT,
        )  # fmt: skip
        box = fields.layout()
        assert isinstance(box, QVBoxLayout)
        box.addStretch(1)
        foot = column(line(), self.reason, row(self.give_up, None, self.train))
        foot.setContentsMargins(2 * theme.UNIT, 0, 2 * theme.UNIT, theme.UNIT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(scrolled(fields), 1)
        layout.addWidget(foot)

    def _connect(self) -> None:
        self.noun.textChanged.connect(lambda _: self.no_person.setChecked(False))
        for text in (self.name, self.noun):
            text.textChanged.connect(self.reflect)
            text.returnPressed.connect(self._order)
        self._present.changed.connect(self._reflect_noun)
        self.person.toggled.connect(partial(self._answered, self.no_person))
        self.no_person.toggled.connect(partial(self._answered, self.person))
        self.consent.changed.connect(self.reflect)
        self.wall.changed.connect(self.reflect)
        self.train.clicked.connect(self._order)
        self.give_up.clicked.connect(self._stop)

    def _order(self) -> None:
        if self.train.isEnabled():
            self.ordered.emit(self.subject(), list(self.wall.good), int(self.steps.value()))

    def _stop(self) -> None:
        self.clear()
        self.given_up.emit()
