"""A word in the prompt that a subject was taught, while nobody is chosen: said, with a button."""

import re
from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.project.shot import Shot
from studio.project.subject import Subject
from studio.ui.widgets.controls import label, push


class TaughtWord(QWidget):
    """ "“sks” stands for rex, but nobody is chosen." and *Choose rex*."""

    chosen = Signal(str)
    """The name of the subject; "" where several were taught the same word."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.choose = label("", "attention", wrap=True), push("", "link")
        self._name = ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.choose)
        self.choose.clicked.connect(lambda: self.chosen.emit(self._name))
        self.hide()

    def reflect(self, shot: Shot, subjects: Iterable[Subject]) -> None:
        """Be there while the prompt of a shot without a subject has such a word."""
        meant = () if shot.subject else taught_by(shot.prompt, subjects)
        if meant:
            names = [subject.name for subject in meant]
            self._name = names[0] if len(names) == 1 else ""
            word, whom = meant[0].token, " or ".join(names)
            self.words.setText(f"“{word}” stands for {whom}, but nobody is chosen.")
            self.choose.setText(f"Choose {self._name}" if self._name else "Choose …")
        self.setVisible(bool(meant))


def taught_by(prompt: str, subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    """The trained subjects whose rare token a prompt has as a word: of the first such token all."""
    meant = [s for s in subjects if s.is_trained and s.token and _has(prompt, s.token)]
    return tuple(subject for subject in meant if subject.token == meant[0].token)


def _has(prompt: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", prompt, re.IGNORECASE) is not None
