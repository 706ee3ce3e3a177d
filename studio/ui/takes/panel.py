"""The takes: every clip that was made, by shot, newest first."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QStackedWidget, QVBoxLayout, QWidget

from studio.project import edits
from studio.project.bin import today
from studio.project.project import Project, Render
from studio.spec.quantities import memory
from studio.ui.state.disk_usage import DiskUsage
from studio.ui.state.document import Document
from studio.ui.state.images import ImageLoader
from studio.ui.state.player_state import PlayerState
from studio.ui.state.selection import Selection
from studio.ui.state.status import Status
from studio.ui.takes.drag_export import DragExport
from studio.ui.takes.filter import TakeFilter
from studio.ui.takes.gestures import CHOOSE, USES, gestures_of, open_menu
from studio.ui.takes.list_view import TakesList
from studio.ui.takes.model import RENDER, TakePainter, TakesModel
from studio.ui.widgets.controls import EmptyState, Panel, push, rename, row, set_enabled, tool
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.theme import UNIT


class TakesPanel(Panel):
    """Star, recipe, export, reveal, and a bin from which everything comes back."""

    recipe_asked = Signal(object)  # Render
    export_asked = Signal(object)
    compare_asked = Signal(list)
    timeline_asked = Signal(object)
    shot_asked = Signal(object)
    use_asked = Signal(object, str)
    """A take, and one of `studio.project.using.USES`."""
    space_asked = Signal()

    def __init__(
        self,
        document: Document,
        selection: Selection,
        player_state: PlayerState,
        status: Status,
        pictures: ImageLoader,
        drag_export: DragExport,
        disk_usage: DiskUsage,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._document, self._icons = document, icons
        self._selection, self._player_state, self._status = selection, player_state, status
        self._drag_export, self._disk_usage = drag_export, disk_usage
        self.model = TakesModel(pictures)
        self._painter = TakePainter(icons)
        self._listed: tuple[object, ...] = ()
        self.gestures = gestures_of(self, self._acts())
        self._build()
        self._connect()
        self.reflect()

    @property
    def chosen(self) -> Render | None:
        index = self.list.currentIndex()
        return index.data(RENDER) if index.isValid() else None

    @property
    def main_view(self) -> QWidget:
        return self.list if self.model.rowCount() else self

    def _acts(self) -> Mapping[str, Callable[[], object]]:
        """What the gestures do, by name."""
        tell = lambda signal: lambda: signal.emit(self.chosen)  # noqa: E731
        uses = {
            name: lambda what=what: self.use_asked.emit(self.chosen, what) for name, _, what in USES
        }
        return uses | {
            "play": self._player_state.back,
            "compare": lambda: self.compare_asked.emit([self.before(), self.chosen]),
            "timeline": tell(self.timeline_asked), "shot": tell(self.shot_asked),
            "recipe": tell(self.recipe_asked), "export": tell(self.export_asked),
            "star": self.star, "reveal": self.reveal, "throw": self.throw_away,
        }  # fmt: skip

    def before(self) -> Render | None:
        """The take of the same shot that was made before the chosen one."""
        return self.model.names.before(self.chosen) if self.chosen else None

    def has_shot(self) -> bool:
        """Whether the shot of the chosen take is there."""
        return bool(self.chosen) and self.chosen.shot in self._document.project.places

    def only_read(self) -> str:
        """Why nothing can be changed, or ""."""
        return self._document.only_read

    def reflect(self) -> None:
        """List what there is, where that is not what is listed already."""
        project, in_bin = self._document.project, self.show_bin.isChecked()
        shots, picked = tuple(project.places), self.filter.state
        listed = (project.renders, shots, picked, in_bin, picked[2] and project.selected)
        if listed != self._listed or self._listed[0] is not project.renders:
            self._listed = listed
            self._list(project, in_bin=in_bin)
        self._follow_selection(self._selection.take)

    def _list(self, project: Project, *, in_bin: bool) -> None:
        every = project.bin if in_bin else project.takes
        renders = self.filter.chosen(every, project.selected)
        self.model.show(renders, project)
        self.show_bin.setText(f"Bin ({len(project.bin)})")
        self.show_bin.setVisible(bool(project.bin) or in_bin)
        self.filter.setVisible(bool(every) or self.filter.state != ("", False, False))
        empty = self.empty_bin if in_bin else self.empty
        self.pages.setCurrentWidget(self.list if renders else (self.no_match if every else empty))

    def throw_away(self) -> None:
        """Put the chosen take into the bin, or take it out again."""
        render = self.chosen
        if render and render.in_bin:
            self._document.change(lambda p: edits.restore(p, render.id), "Restore take")
            self._status.post(f"Take {render.order} is back.")
        elif render:
            self._document.change(lambda p: edits.put_in_bin(p, render.id, today()), "Delete take")
            self._status.post(f"Take {render.order} is in the bin. Ctrl+Z brings it back.")

    def star(self) -> None:
        render = self.chosen
        if render:
            on = not render.starred
            self._document.change(lambda p: edits.star(p, render.id, on), "Star take")

    def reveal(self) -> None:
        """Open the folder that holds the file of the chosen take."""
        render = self.chosen
        if not render:
            return
        file = self._drag_export.file(render)
        if file:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(file).parent)))
        else:
            self._status.post(self._drag_export.disabled_reason(render))

    def press(self, event: QKeyEvent) -> bool:
        """S and Delete act on the chosen take; False for any other key, or without one."""
        acts = {Qt.Key.Key_S: self.star, Qt.Key.Key_Delete: self.throw_away}
        act = acts.get(Qt.Key(event.key()))
        if not act or not self.chosen or event.modifiers() != Qt.KeyboardModifier.NoModifier:
            return False
        act()
        return True

    def _build(self) -> None:
        icons = self._icons
        self.list = TakesList(self._drag_export, self._selection, self._player_state, self._status)
        self.list.setModel(self.model)
        self.list.setItemDelegate(self._painter)
        step = "Every clip you render is kept here. Write a prompt and press Render."
        self.empty = EmptyState(icons, "clip", "No takes yet", step)
        self.empty_bin = EmptyState(icons, "bin", "The bin is empty", "Deleted takes wait here.")
        step = "Clear the words above, or turn off its switches."
        self.no_match = EmptyState(icons, "star", "No take is like that", step)
        self.filter = TakeFilter(icons)
        self.pages = QStackedWidget()
        for page in (self.list, self.empty, self.empty_bin, self.no_match):
            self.pages.addWidget(page)
        self.star_it = tool(icons, "star", "Star (S)")
        self.recipe = tool(icons, "recipe", "Recipe: what it was made with")
        self.export = tool(icons, "export", "Export (Ctrl+E)")
        self.reveal_it = tool(icons, "folder", "Reveal in folder")
        self.throw = tool(icons, "bin", "Delete (Del)")
        self.show_bin = QCheckBox()
        self.show_bin.setProperty("role", "small")
        tools = row(
            self.star_it, self.recipe, self.export, self.reveal_it, self.throw, None,
            self.show_bin, gap=4, margin=UNIT,
        )  # fmt: skip
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.filter)
        layout.addWidget(self.pages, 1)
        layout.addWidget(tools)
        self.used = push("", "link")
        self.used.hide()
        foot = row(self.used, None)
        foot.layout().setContentsMargins(UNIT, 0, UNIT, 0)  # type: ignore[union-attr]
        layout.addWidget(foot)

    def _connect(self) -> None:
        self.star_it.clicked.connect(self.star)
        self.throw.clicked.connect(self.throw_away)
        self.reveal_it.clicked.connect(self.reveal)
        self.recipe.clicked.connect(lambda: self.recipe_asked.emit(self.chosen))
        self.export.clicked.connect(lambda: self.export_asked.emit(self.chosen))
        self.used.clicked.connect(self.space_asked)
        self.show_bin.toggled.connect(self.reflect)
        self.filter.changed.connect(self.reflect)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._open_menu)
        self._document.laid_out.connect(self.reflect)
        self._disk_usage.changed.connect(self._reflect_space)
        self._selection.take_selected.connect(self._follow_selection)
        self.list.selectionModel().currentChanged.connect(self._chosen)

    def _open_menu(self, at: QPoint) -> None:
        """The menu of the take under the pointer, which is chosen with that; by key of the chosen."""
        self.menu = open_menu(self, self.gestures, self.list.viewport().mapToGlobal(at))

    def _chosen(self, index: QModelIndex) -> None:
        render = index.data(RENDER) if index.isValid() else None
        if render:
            self._selection.select_take(render.id)
        self._reflect_tools()

    def _follow_selection(self, take: str) -> None:
        row_of_it = self.model.row_of(take) if take else -1
        if row_of_it >= 0 and self.list.currentIndex().row() != row_of_it:
            self.list.setCurrentIndex(self.model.index(row_of_it))
        elif row_of_it < 0:
            self.list.setCurrentIndex(QModelIndex())
        self._reflect_tools()

    def _reflect_space(self) -> None:
        usage, limit = self._disk_usage.usage, memory(self._disk_usage.limit)
        if not usage:
            return
        text = (
            f"The frames of all takes. Over {limit} the oldest are dropped; the takes stay, and "
            f"Render makes their frames again from what is kept ({memory(usage.costly)} more)."
        )
        self.used.setText(f"Frames: {memory(usage.derived)} of {limit}")
        set_enabled(self.used, "", text)
        self.used.setVisible(bool(usage.derived))

    def _reflect_tools(self) -> None:
        render = self.chosen
        disabled_reason = "" if render else CHOOSE
        for control in (self.star_it, self.recipe, self.export, self.reveal_it, self.throw):
            set_enabled(control, disabled_reason)
        starred, binned = bool(render and render.starred), bool(render and render.in_bin)
        self.star_it.setIcon(
            self._icons("star_full" if starred else "star", "attention" if starred else "text")
        )
        self.throw.setIcon(self._icons("retry" if binned else "bin"))
        if render:
            rename(self.throw, "Take out of the bin" if binned else "Delete (Del)")
            rename(self.star_it, "Remove the star (S)" if starred else "Star (S)")
