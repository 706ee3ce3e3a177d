"""One open project with its window: four objects, the views on them, and the wires between."""

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog

from studio.jobs.device_info import DeviceInfo
from studio.jobs.queue import Queue
from studio.project.pictures import PictureStore
from studio.project.store import ProjectStore
from studio.project.subjects import SubjectStore
from studio.project.takes import TakeStore
from studio.spec.refusal import Refusal
from studio.ui.keyframes.edits import StripEdits
from studio.ui.keyframes.panel import KeyframeDesk
from studio.ui.player.imported_clip import Brought
from studio.ui.player.panel import Player
from studio.ui.player.shown_clip import Showing
from studio.ui.player.tile_preview import TilePreview
from studio.ui.queue.bar import QueueStrip
from studio.ui.queue.panel import QueueList
from studio.ui.shell.banner import Banner
from studio.ui.shell.commands import is_command, make_actions, reflect_actions
from studio.ui.shell.dialogs import Dialogs
from studio.ui.shell.garbage import Garbage
from studio.ui.shell.idle import FirstIdle
from studio.ui.shell.job_failures import Failures
from studio.ui.shell.notices import Notices
from studio.ui.shell.save_failures import Unsaved
from studio.ui.shell.top_bar import TopBar
from studio.ui.shell.window import Panels, Window
from studio.ui.shot.panel import ShotPanel
from studio.ui.shot.stages import Stages
from studio.ui.state.background import Background
from studio.ui.state.disk_usage import Space
from studio.ui.state.document import Document
from studio.ui.state.images import Pictures
from studio.ui.state.job_monitor import Watch
from studio.ui.state.loss_log import Losses
from studio.ui.state.model_list import Scan, Shelf
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState
from studio.ui.state.render_actions import Orders
from studio.ui.state.render_forecast import Outlook
from studio.ui.state.selection import Selection
from studio.ui.state.shot_state import PresentShot
from studio.ui.state.status import Status
from studio.ui.subjects.panel import SubjectsPanel
from studio.ui.takes.dialogs import TakeDialogs
from studio.ui.takes.drag_export import Outgoing
from studio.ui.takes.panel import TakesPanel
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.number_field import settle_typing

log = logging.getLogger(__name__)


class StudioWindow:
    """Owned by the composition root alone; no view knows it."""

    def __init__(
        self,
        *,
        store: ProjectStore,
        subjects: SubjectStore,
        takes: TakeStore,
        queue: Queue,
        scan: Scan,
        glance: Callable[[], DeviceInfo],
        can_free: bool,
        memory: Path,
        icons: Icons,
    ) -> None:
        self._store, self.scan = store, scan
        self.is_closed = False
        self.next_project: Path | None = None
        self._garbage = Garbage()
        self.background = Background()
        self.document = Document(store, subjects, self.background)
        self.queue, self.shelf = queue, Shelf()
        self.selection, self.player_state, self.status = Selection(), PlayerState(), Status()
        self.watch = Watch(queue)
        self._losses = Losses(subjects, queue, self.watch, self.background)
        self.present = PresentShot(self.document, self.shelf)
        self.orders = Orders(
            self.document, queue, self.shelf, self.present, self.selection, self.status
        )
        self._pictures = Pictures(self.background, takes)
        self.outlook = Outlook(
            self.document, queue, self.watch, self.present, takes, self.background
        )
        kept = PictureStore(store.folder)
        self.edits = StripEdits(
            self.document, self.present, self.orders, self.outlook, kept, self.background
        )
        self._encoding = Background(1)
        self._outgoing = Outgoing(self._encoding, takes, store.folder / "files")
        self._space = Space(store, takes, self.document, queue, self.selection, self._encoding)
        self._brought = Brought(self.selection, self.player_state, self.status, self.background)
        self._build(glance, can_free, memory, icons)
        self._connect()

    def open(self) -> None:
        """Show the window, start the queue, say what has to be known."""
        self._garbage.start()
        self.window.show()
        self.shot.prompt.setFocus()
        self.document.read_subjects()
        self.shelf.look(self.scan, self.background)
        self.queue.start()
        self._space.start()
        self._losses.start()
        self._notices.say_at_opening()
        self._showing.show_newest()

    def first_idle(self, wait: int, *steps: Callable[[], object]) -> None:
        """Do `steps` in the engine's lane once nobody has done anything for `wait` milliseconds.

        A job that comes earlier has the first of them done before it.
        """
        if not self.queue.runs_jobs:
            return
        preparation = self.queue.preparation
        preparation.began.connect(self._garbage.rest)
        preparation.ended.connect(self._garbage.start)
        preparation.keep(*steps)
        FirstIdle(wait, preparation.ask, self.window)

    def close(self) -> None:
        """In the reverse order of making: nothing is left running, everything is saved."""
        self.is_closed = True
        for dialog in self.window.findChildren(QDialog):
            dialog.close()
        self.window.close()
        self._losses.close()
        self._brought.stop()
        self.queue.close()
        self._space.stop()
        self._encoding.close()
        self._pictures.close()
        self.background.close()
        try:
            self.document.close()
        finally:
            self._garbage.stop()
            self.window.deleteLater()
            self.outlook.stop()
            mine = (
                self._tiles, self._showing, self._brought, self.edits, self.outlook, self.orders,
                self.present, self.watch, self.queue, self.playback, self.status,
                self.player_state, self.selection, self.shelf, self.document,
            )  # fmt: skip
            for thing in mine:
                thing.deleteLater()

    def _build(
        self, glance: Callable[[], DeviceInfo], can_free: bool, memory: Path, icons: Icons
    ) -> None:
        document, queue, orders = self.document, self.queue, self.orders
        selection, player_state, status = self.selection, self.player_state, self.status
        watch, background, pictures = self.watch, self.background, self._pictures
        self.top = TopBar(document, orders, background, glance, can_free=can_free)
        self.banner = Banner(icons)
        self._notices = Notices(self._store, document, queue, watch, self.banner)
        self._unsaved = Unsaved(document, status, self.banner)
        self._failures = Failures(queue, watch, self.banner)
        self._showing = Showing(document, watch, selection, player_state)
        self.subjects = SubjectsPanel(
            document, queue, selection, status, orders, watch, self.present, pictures, background,
            icons,
        )  # fmt: skip
        self.takes = TakesPanel(
            document, selection, player_state, status, pictures, self._outgoing, self._space, icons
        )
        self.playback = Playback(player_state)
        self.keyframes = KeyframeDesk(
            self.edits, self.outlook, player_state, status, self.playback, icons
        )
        self.player = Player(
            document, queue, watch, selection, player_state, status, pictures, self.playback,
            self.keyframes, icons,
        )  # fmt: skip
        self._tiles = TilePreview(
            document, player_state, status, queue, watch, orders, pictures, icons.theme
        )
        self.stages = Stages(queue, watch, self.present, orders, self.outlook, icons)
        self.shot = ShotPanel(document, self.present, orders, self.stages, icons)
        self.list, self.strip = QueueList(queue, watch, icons), QueueStrip(queue, watch, icons)
        panels = Panels(
            self.top, self.banner, self.subjects, self.takes, self.player, self.shot, self.list,
            self.strip,
        )  # fmt: skip
        self.window = Window(panels, self._press, self._may_close, memory)
        self.dialogs = Dialogs(document, icons, self.window)
        self.take_dialogs = TakeDialogs(document, orders, self.window)
        self.actions = make_actions(self._handlers(), self.window)
        self.top.set_actions(
            self.actions,
            {
                "preview": lambda: self.present.state.why_no_order,
                "render": lambda: self.present.state.why_no_order,
                "stop": lambda: "" if self.strip.running() else "Nothing is running.",
            },
        )

    def _connect(self) -> None:
        queue_dock = self.window.docks["Queue"]
        self.window.tipped.connect(self.strip.say)
        self.window.closing.connect(QApplication.quit)
        self.status.posted.connect(self.strip.notice)
        self.strip.opened.connect(queue_dock.setVisible)
        queue_dock.visibilityChanged.connect(self.strip.open.setChecked)
        self.takes.export_asked.connect(self.take_dialogs.export)
        self.takes.recipe_asked.connect(self.take_dialogs.recipe)
        self.player.tile_asked.connect(self._tiles.toggle)
        self._tiles.offered.connect(self.player.transport.offer_tile)
        self._tiles.compared_at.connect(self.player.canvas.put_wipe)
        self._tiles.reflect()
        self.orders.placed.connect(lambda _: settle_typing())
        self.orders.exported.connect(lambda path: self.status.post(f"Exported to {path}."))
        refusing = (self.orders, self.document, self.edits, self._brought)
        self._notices.say_refusals(each.refused for each in refusing)
        self.subjects.removed.connect(self._removed)
        self.document.changed.connect(self._reflect_actions)
        self.keyframes.view.clip_dropped.connect(self._brought.look_into)
        self.shelf.changed.connect(self.outlook.look)
        self.selection.take_selected.connect(lambda _: self._reflect_actions())
        self._reflect_actions()

    def _handlers(self) -> dict[str, Callable[[], object]]:
        document, dialogs, window = self.document, self.dialogs, self.window
        return {
            "open_project": lambda: dialogs.choose_project(self._leave_for),
            "rename_project": dialogs.rename,
            "add_subject": lambda: dialogs.choose_photos(self._begin_subject),
            "export": lambda: self.take_dialogs.export(self.takes.chosen),
            "quit": window.close,
            "undo": document.undo,
            "redo": document.redo,
            "preview": self.orders.preview,
            "render": self.shot.render_asked,
            "stop": self.strip.cancel.click,
            "new_shot": self.shot.new_shot,
            "remove_shot": self.shot.remove_shot,
            "subjects": lambda: window.show_panel("Subjects"),
            "takes": lambda: window.show_panel("Takes"),
            "player": lambda: window.show_panel("Player"),
            "shot": lambda: window.show_panel("Shot"),
            "queue": self.strip.open.toggle,
            "arrange": window.arrange_as_at_first,
            "keys": dialogs.keys,
            "about": dialogs.about,
        }

    def _begin_subject(self, photos: list[Path]) -> None:
        self.subjects.begin(photos)
        self.window.show_panel("Subjects")

    def _press(self, event: QKeyEvent) -> bool:
        if not is_command(event, QApplication.focusWidget()):
            return False
        return self.takes.press(event) or self.player.press(event)

    def _reflect_actions(self) -> None:
        reflect_actions(self.actions, self.document, has_take=self.takes.chosen is not None)
        self.window.setWindowTitle(f"{self.document.project.name} · Studio")

    def _removed(self, name: str, kept: str) -> None:
        undo = lambda: self.subjects.restore(kept)  # noqa: E731
        self.banner.say(f"The subject “{name}” is in the bin.", "Bring it back", undo)

    def _leave_for(self, project: Path) -> None:
        """Open another project in place of this one, unless it cannot be opened."""
        try:
            ProjectStore(project).close()
        except Refusal as refusal:
            self.banner.say(str(refusal))
            return
        if self.window.close():
            self.next_project = project

    def _may_close(self) -> bool:
        return self.is_closed or self._unsaved.may_close()
