"""The form for a LoRA of somebody else: what it says of itself, and what it is to be called."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.jobs.payloads import ImportPayload
from studio.jobs.subject_import import Brought
from studio.project.subject import Subject
from studio.spec.quantities import count, listed
from studio.spec.refusal import Refusal
from studio.spec.subjects import RARE_TOKENS
from studio.ui.state.shot_state import PresentShot
from studio.ui.subjects.who import Who
from studio.ui.widgets.adaptive import ComboBox, above_foot, field
from studio.ui.widgets.controls import column, label, line, push, row, set_enabled, tip
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT

NEW = "A new subject"


class LoraForm(QWidget):
    """Becomes a new subject, or a version of one that there is."""

    ordered = Signal(object)  # ImportPayload
    given_up = Signal()

    def __init__(self, present: PresentShot, icons: Icons) -> None:
        super().__init__()
        self._brought = Brought(Path(), "")
        self.title, self.facts = label("", "title", wrap=True), label("", "small", wrap=True)
        self.subject, self.who, self.token = ComboBox(), Who(present, icons), ComboBox()
        self.token.setEditable(True)
        tip(self.token, "The word in prompts that it was taught")
        self.reason = label("", "small", wrap=True)
        self.give_up, self.take = push("Cancel"), push("Import", "primary")
        self._lay_out()
        self._connect()

    def begin(self, brought: Brought, subjects: Sequence[Subject]) -> None:
        """Ask what a LoRA shows; `subjects` are those that there are."""
        self._brought = brought
        self.title.setText(f"{brought.file.name} as a subject")
        self.facts.setText(described(brought))
        self.subject.clear()
        self.subject.addItem(NEW, None)
        for subject in subjects:
            self.subject.addItem(f"A version of {subject.name}", subject.name)
        self.token.clear()
        self.token.addItems(tokens(brought.words) or RARE_TOKENS)
        self.token.setCurrentIndex(0 if brought.words else -1)
        self.who.clear()
        self.who.begin(frozenset(subject.name.casefold() for subject in subjects))
        self.reflect()

    def order(self) -> ImportPayload:
        """What the form says; refused where something lacks."""
        there, file = self.subject.currentData(), str(self._brought.file)
        if there is not None:
            return ImportPayload(there, file)
        who, token = self.who.subject(), self.token.currentText().strip()
        if len(token.split()) != 1:
            raise Refusal("It is not said which word calls it.", "Use one word, such as “sks”.")
        return ImportPayload(who.name, file, who.class_noun, token, who.is_person, who.consent)

    def reflect(self) -> None:
        is_new = self.subject.currentData() is None
        self.who.setVisible(is_new)
        self.called.setVisible(is_new)
        self.who.reflect()
        try:
            self.order()
            reason = ""
        except Refusal as refusal:
            reason = str(refusal)
        set_enabled(self.take, reason, "Take it in; the file stays where it is")
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def _lay_out(self) -> None:
        self.called = field("Token", self.token)
        fields = column(
            self.title, self.facts, field("It is", self.subject), self.who, self.called,
            gap=UNIT, margin=2 * UNIT,
        )  # fmt: skip
        foot = column(line(), self.reason, row(self.give_up, None, self.take))
        foot.setContentsMargins(2 * UNIT, 0, 2 * UNIT, UNIT)
        above_foot(self, fields, foot)

    def _connect(self) -> None:
        self.who.changed.connect(self.reflect)
        self.who.done.connect(self._take)
        self.subject.activated.connect(lambda _: self.reflect())
        self.token.editTextChanged.connect(lambda _: self.reflect())
        self.take.clicked.connect(self._take)
        self.give_up.clicked.connect(self.given_up)

    def _take(self) -> None:
        if self.take.isEnabled():
            self.ordered.emit(self.order())


def described(brought: Brought) -> str:
    """What a LoRA says of itself, in sentences."""
    made = f"It was made for {brought.network}" if brought.network else "It does not say for what"
    steps = f", with {count(brought.steps, 'step')}" if brought.steps else ""
    words = f" It was taught: {listed(list(brought.words))}." if brought.words else ""
    return f"{made}{steps}.{words}"


def tokens(words: Sequence[str]) -> list[str]:
    """Single words that may call it, of those that it was taught."""
    firsts = (word.split()[0].strip(",.") for word in words if word.split())
    return list(dict.fromkeys(first for first in firsts if first))
