"""The dialogs about a take: exporting it, reading its recipe and using that again."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QWidget

from studio.project import edits
from studio.project.project import Project, Render
from studio.spec.part import ROLES
from studio.spec.request import ClipRequest
from studio.ui.state.document import Document
from studio.ui.state.render_actions import RenderActions
from studio.ui.takes.export import ExportDialog
from studio.ui.takes.recipe import RecipeDialog
from studio.ui.widgets.input_dialogs import VIDEOS, folder_of, open_dialog, remember


class TakeDialogs:
    """Opens dialogs over `parent`; their results go to the document or to `RenderActions`."""

    def __init__(self, document: Document, render_actions: RenderActions, parent: QWidget) -> None:
        self._document, self._render_actions, self._parent = document, render_actions, parent

    def export(self, render: Render | None) -> None:
        if render is None:
            return
        dialog = ExportDialog(render, folder_of(VIDEOS), self._parent)

        def order(path: Path, fps, recipe: bool) -> None:
            remember(VIDEOS, path.parent)
            self._render_actions.export(render, path, fps, recipe=recipe)

        dialog.ordered.connect(order)
        open_dialog(dialog)

    def recipe(self, render: Render | None) -> None:
        if render is None:
            return
        dialog = RecipeDialog(render, self._parent)
        dialog.used.connect(self._use)
        open_dialog(dialog)

    def _use(self, render: Render) -> None:
        self._document.change(lambda project: with_recipe(project, render), "Use recipe")


def with_recipe(project: Project, render: Render) -> Project:
    """The selected shot with everything that made this take, its seed locked."""
    request, shot = render.request, project.shot(project.selected)
    subject = request.subject
    return edits.replace_shot(
        project,
        replace(
            shot, prompt=request.prompt, negative=request.negative, seed=request.seed,
            seed_locked=True,
            model=request.model, keyframes=request.keyframes, steps=request.steps, fps=request.fps,
            guidance=request.guidance, width=request.width, height=request.height,
            subject=subject.name if subject else "", strength=subject.strength if subject else 1.0,
            extend=request.extend, loop=request.loop, interpolate=request.interpolate,
            strip=request.strip, parts=_parts(request),
        ),
    )  # fmt: skip


def _parts(request: ClipRequest) -> tuple[tuple[str, str], ...]:
    """The roles that other models took, as a shot names them."""
    others = [part for part in reversed(request.parts) if part.model != request.model]
    chosen = {role: part.model for part in others for role in part.roles}
    return tuple((role, chosen[role]) for role in ROLES if role in chosen)
