"""The wires between the rooms of an open project, and between these and its window."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu

from studio.project.shot import Shot
from studio.project.store import ProjectStore
from studio.spec.refusal import Refusal
from studio.ui.keyframes.panel import LAYOUT as OF_KEYFRAMES
from studio.ui.keyframes.variations import VariationsDialog
from studio.ui.player.gestures import LAYOUT as OF_PLAYBACK
from studio.ui.shell.away import Away
from studio.ui.shell.commands import is_command, make_actions, reflect_actions
from studio.ui.shell.dialogs import Dialogs
from studio.ui.shell.dock_heights import TIMELINE, DockHeights
from studio.ui.shell.exchange import TimelineExchange
from studio.ui.shell.garbage import Garbage
from studio.ui.shell.idle import FirstIdle
from studio.ui.shell.job_failures import JobFailures
from studio.ui.shell.notices import Notices
from studio.ui.shell.rooms import Rooms
from studio.ui.shell.save_failures import SaveFailures
from studio.ui.shell.top_bar import TopBar
from studio.ui.shell.window import Window
from studio.ui.start.examples import make_project
from studio.ui.state.model_list import Scan, Shelve
from studio.ui.state.prompt_history import PromptHistory
from studio.ui.takes.dialogs import TakeDialogs
from studio.ui.takes.dropped import DropReader
from studio.ui.timeline.menus import LAYOUT as OF_TIMELINE
from studio.ui.widgets.gestures import underline
from studio.ui.widgets.input_dialogs import DOCUMENTS, folder_of
from studio.ui.widgets.number_field import settle_typing

SHOWN = ("subjects", "takes", "library", "timeline", "player", "shot")  # panels, by command


class WiredRooms(Rooms):
    """What the studio window shows once it is painted.  The rest of what it takes is the rooms'."""

    def __init__(
        self, window: Window, top: TopBar, leave: Callable[[Path], None], **of_rooms: Any
    ) -> None:
        super().__init__(top, **of_rooms)
        self.window, self._leave = window, leave

    def made(self) -> Iterator[None]:
        """Make each room and put it into its place, then wire them."""
        for made in self.rooms():
            yield
            if made is not None:
                self.window.fill(*made)
                yield
        self.window.hang(self.banner)
        document, queue, window = self.document, self.queue, self.window
        monitor = self.job_monitor
        self._notices = Notices(self.project.store, document, queue, monitor, self.banner)
        self._save_failures = SaveFailures(document, self.status, self.banner)
        self._job_failures = JobFailures(queue, monitor, self.banner)
        self._heights = DockHeights(window, lambda: self.timeline.is_empty)
        self.away = Away(queue, monitor, window)
        self.dialogs = Dialogs(document, self.keymap, self._icons, window)
        self.take_dialogs = TakeDialogs(
            document, self.exports, self.project.span_results, self.project.encoding,
            self._icons, window,
        )  # fmt: skip
        self.exchange = TimelineExchange(document, self.background, self.status, window)
        yield
        self._fill_menus()
        yield
        self._connect()

    def begin(self, scan: Scan, shelve: Shelve) -> None:
        """Start the queue, look for models, show messages about both."""
        self._scan, self._shelve = scan, shelve
        self.shot.prompt.setFocus()
        self.project.start(scan, shelve)
        self.stacks.look(self.background)
        self.idle_hashes.start()
        self._heights.settle()
        self._notices.show_at_opening()
        self._remember()
        self._shot_follower.show_newest(play=False)

    def _fill_menus(self) -> None:
        self.actions = make_actions(self._handlers(), self.keymap, self.window)
        self.top.set_actions(
            self.actions,
            {
                "preview": lambda: self.present.state.render_disabled_reason,
                "render": lambda: self.present.state.render_disabled_reason,
                "variations": self.variations.disabled_reason,
                "stop": lambda: "" if self.queue_bar.running() else "Nothing is running.",
            },
            {
                "Keyframes": (lambda: self.keyframes.gestures, OF_KEYFRAMES),
                "Timeline": (lambda: self.timeline.gestures, OF_TIMELINE),
                "Playback": (lambda: self.player.gestures, OF_PLAYBACK),
            },
        )

    def first_idle(self, wait: int, *steps: Callable[[], object], garbage: Garbage) -> None:
        """See the studio window's; nothing is collected meanwhile."""
        if not self.queue.runs_jobs:
            return
        preparation = self.queue.preparation
        preparation.began.connect(garbage.rest)
        preparation.ended.connect(garbage.start)
        preparation.keep(*steps)
        FirstIdle(wait, preparation.ask, self.window)

    def stop(self) -> None:
        """Stop threads and timers, and save."""
        self.away.awake.let_go()
        self._imported_clip.stop()
        for each in (self.idle_hashes, self.library_state, self.downloads):
            each.close()
        self.project.stop()
        self.project.save()

    def delete(self) -> None:
        """Have Qt delete what is no part of the window."""
        self._delete_rooms()
        self.project.delete()

    def _connect(self) -> None:
        queue_dock = self.window.docks["Queue"]
        self.window.tipped.connect(self.queue_bar.show_tip)
        self.status.posted.connect(self.queue_bar.notice)
        self.queue_bar.opened.connect(queue_dock.setVisible)
        queue_dock.visibilityChanged.connect(self.queue_bar.open.setChecked)
        queue_dock.visibilityChanged.connect(self._heights.queue_turned)
        if queue_dock.isVisible():  # since before anybody listened
            queue_dock.visibilityChanged.emit(True)
        self.take_dialogs.follow(self.takes)
        self.takes.space_asked.connect(lambda: self.take_dialogs.space(self.project.disk_usage))
        self.takes.compare_asked.connect(self.comparison.compare)
        self.takes.timeline_asked.connect(lambda take: self.timeline_edits.add_take(take.id))
        self.shot.variations_asked.connect(self._vary)
        self.shot.prompt.history = PromptHistory(self.document, self.render_actions).earlier
        self.shot.models_asked.connect(lambda: self.window.show_panel("Library"))
        for news in (self.library_state.folders_changed, self.idle_hashes.came):
            news.connect(lambda: self.model_list.look(self._scan, self.background, self._shelve))
        for news in (self.downloads.came, self.downloads.notice, self.stacks.notice):
            news.connect(self.status.post)
        self.downloads.came.connect(lambda _: self.library_state.look_anew())
        self.player.tile_asked.connect(self._tiles.toggle)
        self._tiles.offered.connect(self.player.transport.offer_tile)
        self._tiles.compared_at.connect(self.player.canvas.put_wipe)
        self._tiles.reflect()
        for orders in (self.render_actions, self.exports):
            orders.placed.connect(lambda _: settle_typing())
        self.exports.exported.connect(lambda path: self.status.post(f"Exported to {path}."))
        refusing = (self.render_actions, self.exports, self.project.bins, self.project.disk_usage, self.document, self.edits, self._imported_clip,
                    self.library_state, self.downloads, self.stacks, self.subjects)  # fmt: skip
        self._notices.show_refusals(each.refused for each in refusing)
        self.subjects.removed.connect(self._removed)
        self.subjects.forget_asked.connect(self.project.bins.forget)
        self.project.bins.forgot.connect(
            lambda name: self.status.post(f"“{name}” is gone for good.")
        )
        self.document.changed.connect(self._reflect_actions)
        self.keyframes.view.clip_dropped.connect(self._imported_clip.open)
        self.selection.take_selected.connect(lambda _: self._reflect_actions())
        self.timeline.filled.connect(self._heights.settle)
        self.timeline.taller.connect(lambda by: self.window.make_room("Timeline", TIMELINE + by))
        for source in (self.project.timeline_sound, self.exchange):
            source.refused.connect(lambda what, hint: self.status.post(f"{what} {hint}".strip()))
        self.timeline.files.timeline_brought.connect(self.exchange.read)
        self._connect_projects()
        self._reflect_actions()

    def _connect_projects(self) -> None:
        """New, open, recent and dropped ones, and the first page."""
        self.start.new_asked.connect(self.actions["new_project"].trigger)
        self.start.open_asked.connect(self.actions["open_project"].trigger)
        self.start.recent_asked.connect(self._leave_for)
        self.start.example_asked.connect(
            lambda one: self._begin_project(one.name, folder_of(DOCUMENTS), one.shot)
        )
        self.drops = DropReader(self.document, self.background, self.window)
        self.drops.project_dropped.connect(self._leave_for)
        self.drops.models_dropped.connect(self._add_models)
        self.drops.unknown.connect(self._imported_clip.open)
        self.drops.refused.connect(lambda what, hint: self.status.post(f"{what} {hint}"))
        file = self.top.menus.actions()[0].menu()
        self._recent = QMenu("Open recent", self.top.menus)
        file.insertMenu(self.actions["rename_project"], self._recent)  # type: ignore[union-attr]
        self._recent.setEnabled(False)
        underline(file)  # type: ignore[arg-type]

    def _remember(self) -> None:
        """This project is the last one that was open; list those before it."""
        remembered, folder = self.project.remembered, self.document.folder

        def noted() -> tuple[Path, ...]:
            remembered.opened(folder)
            return tuple(path for path in remembered.recent() if path != folder)

        self.background.ask(noted, self._list_recent, lambda _: None, owner=self.window)

    def _list_recent(self, projects: tuple[Path, ...]) -> None:
        self.start.list_recent(projects)
        self._recent.clear()
        for project in projects:
            self._recent.addAction(str(project).replace("&", "&&")).triggered.connect(
                lambda _=False, project=project: self._leave_for(project)
            )
        self._recent.setEnabled(bool(projects))
        underline(self._recent)

    def _begin_project(self, name: str, folder: Path, shot: Shot | None = None) -> None:
        """Make a project in a folder of its own, and open it."""
        try:
            self._leave_for(make_project(folder, name, shot))
        except Refusal as refusal:
            self.banner.show_message(str(refusal))

    def _handlers(self) -> dict[str, Callable[[], object]]:
        document, dialogs, window = self.document, self.dialogs, self.window
        return {
            "new_project": lambda: dialogs.new_project(self._begin_project),
            "open_project": lambda: dialogs.choose_project(self._leave_for),
            "rename_project": dialogs.rename,
            "add_folder": lambda: (window.show_panel("Library"), self.library.choose_folder()),
            "add_subject": lambda: dialogs.choose_photos(self._begin_subject),
            "import_lora": lambda: (window.show_panel("Subjects"), self.subjects.choose_lora()),
            "export": lambda: self.take_dialogs.export(self.takes.chosen),
            "timeline_out": self.exchange.ask_out,
            "timeline_in": self.exchange.ask_in,
            "bin": self.take_dialogs.bin,
            "space": lambda: self.take_dialogs.space(self.project.disk_usage),
            "quit": window.close,
            "undo": document.undo,
            "redo": document.redo,
            "preview": self.render_actions.preview,
            "render": self.shot.render_asked,
            "variations": self._vary,
            "stop": self.queue_bar.cancel.click,
            "new_shot": self.shot.new_shot,
            "remove_shot": self.shot.remove_shot,
            **{name: partial(window.show_panel, name.capitalize()) for name in SHOWN},
            "keyframes": self.keyframes.take_focus,
            "queue": self.queue_bar.turn,
            "compare": self.comparison.ask,
            "full_screen": window.turn_whole,
            "arrange": window.arrange_as_at_first,
            "guide": dialogs.guide,
            "keys": dialogs.keys,
            "about": dialogs.about,
        }

    def _vary(self) -> None:
        VariationsDialog(self.variations, self._icons, self.window).open()

    def _begin_subject(self, photos: list[Path]) -> None:
        self.subjects.begin(photos)
        self.window.show_panel("Subjects")

    def _add_models(self, places: list[Path]) -> None:
        self.window.show_panel("Library")
        self.library_state.add(places)

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key means that no control wanted; False where it means nothing."""
        if not is_command(event, QApplication.focusWidget()):
            return False
        if self.window.whole.is_on and event.key() == Qt.Key.Key_Escape:
            self.window.turn_whole()
            return True
        return self.takes.press(event) or self.player.press(event)

    def _reflect_actions(self) -> None:
        reflect_actions(self.actions, self.document, has_take=self.takes.chosen is not None)
        self.window.setWindowTitle(f"{self.document.project.name} · Studio")

    def _removed(self, name: str, kept: str) -> None:
        undo = lambda: self.subjects.restore(kept)  # noqa: E731
        self.banner.show_message(f"The subject “{name}” is in the bin.", "Bring it back", undo)

    def _leave_for(self, project: Path) -> None:
        """Open another project in place of this one, unless it cannot be opened."""
        try:
            ProjectStore(project).close()
        except Refusal as refusal:
            self.banner.show_message(str(refusal))
            return
        self._leave(project)

    def may_close(self) -> bool:
        """Whether all is saved, or need not be."""
        return self._save_failures.may_close()
