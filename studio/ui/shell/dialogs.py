"""The dialogs the window can open, each over the window and never in the way of a job."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from studio.project import edits
from studio.ui.shell.guide import GuideDialog
from studio.ui.shell.keys_dialog import KeysDialog
from studio.ui.state.document import Document
from studio.ui.state.keymap import Keymap
from studio.ui.widgets.controls import label, push, row
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import (
    DOCUMENTS,
    ask_for_photos,
    ask_for_project,
    ask_for_words,
    folder_of,
    open_dialog,
)
from studio.ui.widgets.theme import UNIT

ABOUT = (
    "A desktop studio in which a handful of photos become a subject, and words become a clip, "
    "all on this computer.",
    "The method is Video LDM: a frozen image diffusion model, temporal layers after each of its "
    "spatial layers, keyframes first.",
    "Code: Apache-2.0. Starter weights, icons and sample pictures: CC0. "
    "Typeface Inter: SIL Open Font License 1.1. Qt: LGPL 3. ffmpeg is called as a program.",
)


class Dialogs:
    """Opens dialogs over `parent`; everything they decide goes to the document."""

    def __init__(self, document: Document, keymap: Keymap, icons: Icons, parent: QWidget) -> None:
        self._document, self._keymap = document, keymap
        self._icons, self._parent = icons, parent

    def keys(self) -> None:
        open_dialog(KeysDialog(self._keymap, self._icons, self._parent))

    def guide(self) -> None:
        """Beside the window, once; the window goes on meanwhile."""
        dialog = self._parent.findChild(GuideDialog) or GuideDialog(self._parent)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()
        dialog.activateWindow()

    def about(self) -> None:
        dialog = QDialog(self._parent)
        dialog.setWindowTitle("About the studio")
        dialog.setFixedWidth(480)
        layout = QVBoxLayout(dialog)
        layout.setContentsMargins(*(3 * UNIT,) * 4)
        layout.setSpacing(UNIT + UNIT // 2)
        picture = label()
        picture.setPixmap(self._icons("studio", "text", 64).pixmap(64, 64))
        layout.addWidget(row(picture, label("Studio", "title"), None, gap=2 * UNIT))
        for words in ABOUT:
            layout.addWidget(label(words, wrap=True))
        done = push("Close")
        done.clicked.connect(dialog.accept)
        layout.addWidget(row(None, done))
        open_dialog(dialog)

    def rename(self) -> None:
        def named(name: str) -> None:
            self._document.change(lambda p: edits.rename(p, name[:120]), "Rename project")

        name = self._document.project.name
        ask_for_words(self._parent, "Rename project", "Name", name, named)

    def choose_photos(self, then: Callable[[list[Path]], None]) -> None:
        if files := ask_for_photos(self._parent, "Choose photos"):
            then(files)

    def new_project(self, then: Callable[[str, Path], None]) -> None:
        """Ask for the name of a project, and say where it will lie."""
        folder = folder_of(DOCUMENTS)
        ask_for_words(
            self._parent, "New project", "Name", "Untitled",
            lambda name: then(name[:120], folder), note=f"It gets a folder in {folder}",
        )  # fmt: skip

    def choose_project(self, then: Callable[[Path], None]) -> None:
        """A project is a folder; an empty one becomes a new project."""
        if folder := ask_for_project(self._parent):
            then(folder)
