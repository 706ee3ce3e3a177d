"""The dialogs the window can open, each over the window and never in the way of a job."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from studio.project import edits
from studio.project.project import Project, Render
from studio.ui.shell.commands import KeysDialog
from studio.ui.state.document import Document
from studio.ui.state.render_actions import Orders
from studio.ui.takes.export import ExportDialog
from studio.ui.takes.recipe import RecipeDialog
from studio.ui.widgets.controls import label, push, row
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import (
    VIDEOS,
    ask_for_photos,
    ask_for_project,
    ask_for_words,
    folder_of,
    remember,
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
    """Opens dialogs over `parent`; everything they decide goes to the document or the orders."""

    def __init__(self, document: Document, orders: Orders, icons: Icons, parent: QWidget) -> None:
        self._document, self._orders, self._icons = document, orders, icons
        self._parent = parent

    def export(self, render: Render | None) -> None:
        if render is None:
            return
        dialog = ExportDialog(render, folder_of(VIDEOS), self._parent)

        def order(path: Path, fps, recipe: bool) -> None:
            remember(VIDEOS, path.parent)
            self._orders.export(render, path, fps, recipe=recipe)

        dialog.ordered.connect(order)
        _open(dialog)

    def recipe(self, render: Render | None) -> None:
        if render is None:
            return
        dialog = RecipeDialog(render, self._parent)
        dialog.used.connect(self._use)
        _open(dialog)

    def keys(self) -> None:
        _open(KeysDialog(self._parent))

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
        _open(dialog)

    def rename(self) -> None:
        def named(name: str) -> None:
            self._document.change(lambda p: edits.rename(p, name[:120]), "Rename project")

        name = self._document.project.name
        ask_for_words(self._parent, "Rename project", "Name", name, named)

    def choose_photos(self, then: Callable[[list[Path]], None]) -> None:
        if files := ask_for_photos(self._parent, "Choose photos"):
            then(files)

    def choose_project(self, then: Callable[[Path], None]) -> None:
        """A project is a folder; an empty one becomes a new project."""
        if folder := ask_for_project(self._parent):
            then(folder)

    def _use(self, render: Render) -> None:
        self._document.change(lambda project: with_recipe(project, render), "Use recipe")


def with_recipe(project: Project, render: Render) -> Project:
    """The selected shot with everything that made this take, its seed locked."""
    from dataclasses import replace

    asked, shot = render.request, project.shot(project.selected)
    subject = asked.subject
    return edits.replace_shot(
        project,
        replace(
            shot, prompt=asked.prompt, negative=asked.negative, seed=asked.seed, seed_locked=True,
            model=asked.model, keyframes=asked.keyframes, steps=asked.steps, fps=asked.fps,
            guidance=asked.guidance, width=asked.width, height=asked.height,
            subject=subject.name if subject else "", strength=subject.strength if subject else 1.0,
            extend=asked.extend, loop=asked.loop, interpolate=asked.interpolate, strip=asked.strip,
        ),
    )  # fmt: skip


def _open(dialog: QDialog) -> None:
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
