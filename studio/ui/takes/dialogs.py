"""The dialogs about a take: exporting it, reading its recipe and using that again."""

from PySide6.QtWidgets import QWidget

from studio.project import edits
from studio.project.project import Project, Render
from studio.project.takes import TakeStore
from studio.project.using import ALL, using
from studio.spec.made_with import MadeWith
from studio.ui.state.background import Background
from studio.ui.state.disk_usage import DiskUsage
from studio.ui.state.document import Document
from studio.ui.state.exports import Exports, Source, Target
from studio.ui.takes.panel import TakesPanel
from studio.ui.takes.recipe import RecipeDialog
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import VIDEOS, folder_of, open_dialog, remember


class TakeDialogs:
    """Opens dialogs over `parent`; their results go to the document or to `Exports`."""

    def __init__(
        self,
        document: Document,
        exports: Exports,
        span_results: TakeStore,
        background: Background,
        icons: Icons,
        parent: QWidget,
    ) -> None:
        self._document, self._exports, self._parent = document, exports, parent
        self._span_results, self._background, self._icons = span_results, background, icons

    def follow(self, takes: TakesPanel) -> None:
        """Do what is asked for among the takes."""
        takes.export_asked.connect(self.export)
        takes.recipe_asked.connect(self.recipe)
        takes.use_asked.connect(self.use)
        takes.shot_asked.connect(self.work_on)

    def export(self, render: Render | None, clip: str = "") -> None:
        """Ask how to export a take, a clip of the timeline by its id, or whatever else there is."""
        # ffmpeg's formats stay out of the start-up
        from studio.ui.takes.export import ExportDialog
        from studio.ui.takes.export_facts import ExportFacts

        sources = self._exports.sources(render, clip)
        if not sources:
            return
        facts = ExportFacts(self._span_results, self._background)
        dialog = ExportDialog(sources, folder_of(VIDEOS), facts, self._icons, self._parent)
        facts.setParent(dialog)

        def order(source: Source, targets: list[Target]) -> None:
            remember(VIDEOS, targets[0].path.parent)
            self._exports.order(source, targets)

        dialog.ordered.connect(order)
        open_dialog(dialog)

    def bin(self) -> None:
        """Show what was deleted of the project."""
        from studio.ui.takes.bin import ProjectBin

        open_dialog(ProjectBin(self._document, self._parent))

    def space(self, disk_usage: DiskUsage) -> None:
        """Show what the project takes on the disk."""
        from studio.ui.takes.space import SpaceDialog

        open_dialog(SpaceDialog(disk_usage, self._parent))

    def recipe(self, render: Render | None) -> None:
        if render is None:
            return
        dialog = RecipeDialog(render, self._parent)
        dialog.used.connect(self.use)
        open_dialog(dialog)

    def work_on(self, render: Render) -> None:
        """Choose the shot of a take as the one being worked on."""
        choose = lambda project: edits.select(project, render.shot)  # noqa: E731
        self._document.change(choose, "Choose shot", merge=True)

    def use(self, render: Render, what: str = ALL) -> None:
        """Have the shot ask for what made a take, or for a part of that: one of
        `studio.project.using.USES`."""
        self._document.change(lambda project: with_recipe(project, render, what), "Use recipe")


def with_recipe(project: Project, render: Render, what: str = ALL) -> Project:
    """The selected shot with what made this take, its seed locked where that is used."""
    request = render.request
    made = MadeWith("the studio", request.prompt, request.negative, request.seed)
    shot = using(project.shot(project.selected), made, what, request)
    return edits.replace_shot(project, shot)
