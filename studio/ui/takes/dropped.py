"""A file dropped anywhere: what it says of how it was made goes into the shot, as much as is wanted."""

import os
from itertools import islice
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from studio.project import edits
from studio.project.plain import from_plain
from studio.project.remembered import is_project
from studio.project.using import ALL, BUT_SEED, PROMPT, SEED, using
from studio.spec.made_with import MadeWith
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.widgets.adaptive import Buttons, field
from studio.ui.widgets.controls import ElidedLabel, label, push, set_enabled
from studio.ui.widgets.input_dialogs import open_dialog
from studio.ui.widgets.theme import UNIT

WEIGHTS = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")
MOST = 5000
"""Files of a folder that are looked at by name."""
CHOICES = (("Prompt", PROMPT), ("Seed", SEED), ("All but the seed", BUT_SEED), ("Use all", ALL))
NOTHING = Refusal("This file says nothing of how it was made.", "Drop photos on the subjects.")


class DropReader(QObject):
    """Takes what no room of the window took: a project opens, models go to the library, a recipe is
    offered for the shot.

    `project_dropped` carries a project's folder, `models_dropped` weight files and folders that hold
    some; `unknown` a file without a recipe.
    """

    project_dropped = Signal(object)  # Path
    models_dropped = Signal(object)  # list[Path]
    unknown = Signal(object)  # Path
    refused = Signal(str, str)

    def __init__(self, document: Document, background: Background, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._background, self._window = document, background, window
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent) and event.mimeData().hasUrls():
            event.acceptProposedAction()
            return True
        if type(event) is QDropEvent and event.mimeData().hasUrls():
            event.acceptProposedAction()
            places = [Path(url.toLocalFile()) for url in event.mimeData().urls()]
            self.take_all(places)
            return True
        return False

    def take_all(self, places: list[Path]) -> None:
        """Models, however many; of anything else the first."""

        def done(models: list[Path]) -> None:
            if models:
                self.models_dropped.emit(models)
            else:
                self.take(places[0])

        self._background.ask(
            lambda: [place for place in places if _holds_models(place)],
            done, self._could_not, owner=self,
        )  # fmt: skip

    def take(self, path: Path) -> None:
        """Read a file or a folder that was dropped, on another thread."""
        from studio.media.made_with import made_with  # stays out of the start-up

        def read() -> MadeWith | None:
            if is_project(path):
                return None
            return made_with(path)

        def done(made: MadeWith | None) -> None:
            if made is not None:
                self.offer(path, made)
            elif is_project(path):
                self.project_dropped.emit(path)
            else:
                self.unknown.emit(path)

        self._background.ask(read, done, self._could_not, owner=self)

    def offer(self, path: Path, made: MadeWith) -> None:
        """Ask how much of a recipe the shot should take."""
        dialog = MadeWithDialog(path.name, made, self._window)
        dialog.chosen.connect(lambda what: self._use(made, what))
        open_dialog(dialog)

    def _use(self, made: MadeWith, what: str) -> None:
        try:
            recipe = made.recipe.get("request")
            request = from_plain(ClipRequest, recipe) if recipe else None
        except ValueError:  # of a newer studio, or not whole: what it says in words is used
            request = None
        shot = using(self._document.shot, made, what, request)
        self._document.change(lambda p: edits.replace_shot(p, shot), "Use recipe")

    def _could_not(self, error: Exception) -> None:
        if not isinstance(error, Refusal):
            raise error
        self.refused.emit(error.what, error.hint)


def _holds_models(place: Path) -> bool:
    """Whether it is a weight file, or a folder, no project, with one not far below it."""
    if place.suffix.lower() in WEIGHTS:
        return place.is_file()
    if not place.is_dir() or is_project(place):
        return False
    files = (Path(name) for _, _, names in os.walk(place) for name in names)
    return any(file.suffix.lower() in WEIGHTS for file in islice(files, MOST))


class MadeWithDialog(QDialog):
    """What a file says of how it was made; `chosen` carries one of `studio.project.using.USES`."""

    chosen = Signal(str)

    def __init__(self, name: str, made: MadeWith, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Use a recipe")
        self.setMinimumWidth(520)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.setSpacing(UNIT)
        layout.addWidget(label(f"{name} · made with {made.program}", "title", wrap=True))
        for title, text in _lines(made):
            layout.addWidget(field(title, ElidedLabel(text)))
        self.uses = {what: push(title) for title, what in CHOICES}
        self.uses[ALL].setProperty("role", "primary")
        for what, button in self.uses.items():
            button.clicked.connect(lambda _=False, what=what: self._choose(what))
        set_enabled(self.uses[PROMPT], "" if made.prompt else "It names no prompt.")
        set_enabled(self.uses[SEED], "" if made.seed is not None else "It names no seed.")
        cancel = push("Cancel")
        cancel.clicked.connect(self.reject)
        layout.addSpacing(UNIT)
        layout.addWidget(Buttons(cancel, *self.uses.values()))

    def _choose(self, what: str) -> None:
        self.chosen.emit(what)
        self.accept()


def _lines(made: MadeWith) -> list[tuple[str, str]]:
    sides = " × ".join(map(str, made.size)) + " px" if made.size else ""
    numbers = [f"{made.steps} steps" if made.steps else ""]
    numbers += [f"guidance {made.guidance:g} ×" if made.guidance is not None else "", sides]
    lines = [
        ("Prompt", made.prompt),
        ("Without", made.negative),
        ("Seed", "" if made.seed is None else str(made.seed)),
        ("Settings", " · ".join(filter(None, numbers))),
        ("Model", made.model),
    ]
    return [(name, text) for name, text in lines if text]
