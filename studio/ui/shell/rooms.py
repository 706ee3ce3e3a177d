"""The rooms of one open project, each made once of the objects that it uses."""

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtWidgets import QWidget

from studio.jobs.device_info import DeviceInfo
from studio.jobs.planner import Planner
from studio.jobs.queue import Queue
from studio.project.pictures import PictureStore
from studio.project.remembered import Remembered
from studio.project.store import ProjectStore
from studio.project.subjects import SubjectStore
from studio.project.takes import TakeStore
from studio.spec.request import ClipRequest
from studio.ui.keyframes.brought import BroughtPictures
from studio.ui.keyframes.edits import StripEdits
from studio.ui.keyframes.panel import KeyframesPanel
from studio.ui.library.panel import LibraryPanel
from studio.ui.player.imported_clip import ImportedClip
from studio.ui.player.panel import Player
from studio.ui.player.shown_clip import ShotFollower
from studio.ui.player.take_comparison import TakeComparison
from studio.ui.player.tile_preview import TilePreview
from studio.ui.queue.bar import QueueBar
from studio.ui.queue.panel import QueuePanel
from studio.ui.shell.banner import Banner
from studio.ui.shell.top_bar import TopBar
from studio.ui.shot.panel import ShotPanel
from studio.ui.shot.stages import Stages
from studio.ui.start.page import StartPage
from studio.ui.state.downloads import Downloads
from studio.ui.state.idle_hashes import IdleHashes
from studio.ui.state.keymap import Keymap
from studio.ui.state.library import Library
from studio.ui.state.open_project import OpenProject
from studio.ui.state.stack_list import StackList
from studio.ui.state.variations import Variations
from studio.ui.subjects.panel import SubjectsPanel
from studio.ui.takes.drag_export import DragExport
from studio.ui.takes.panel import TakesPanel
from studio.ui.timeline.edits import TimelineEdits
from studio.ui.timeline.panel import TimelinePanel
from studio.ui.widgets.icons import Icons


class Rooms:
    """What the window consists of; no room has a reference to another.

    A room more is a few lines here and one in `made`; its wires are in `wired_rooms`.
    """

    def __init__(
        self,
        top: TopBar,
        *,
        store: ProjectStore,
        subjects: SubjectStore,
        span_results: TakeStore,
        queue: Queue,
        remembered: Remembered,
        library: Library,
        downloads: Downloads,
        stacks: Path,
        keymap: Keymap,
        device_info: Callable[[], DeviceInfo],
        can_free: bool,
        icons: Icons,
        recipe: Callable[[ClipRequest], dict],
        planner: Planner | None = None,
    ) -> None:
        self.top, self._icons, self.keymap = top, icons, keymap
        self.library_state, self.downloads = library, downloads
        self.project = project = OpenProject(
            store, subjects, span_results, queue, remembered, planner
        )
        self.queue, self.background = queue, project.background
        self.document, self.present = project.document, project.present
        self.model_list, self.job_monitor = project.model_list, project.job_monitor
        self.selection, self.player_state = project.selection, project.player_state
        self.render_actions, self.render_forecast = project.render_actions, project.render_forecast
        self.exports = project.exports
        self.idle_hashes = IdleHashes(queue, self.job_monitor, library, self.present)
        self.stacks = StackList(stacks, self.document, self.model_list, library)
        self.status, self.playback = project.status, project.playback
        brought = PictureStore(store.folder)
        self.edits = StripEdits(
            self.document, self.present, self.render_actions, self.render_forecast,
            brought, self.background,
        )  # fmt: skip
        self._brought = BroughtPictures(brought, project.pictures, self.background)
        self.variations = Variations(
            self.document, queue, self.present, self.render_actions, project.pictures
        )
        self._drag_export = DragExport(
            project.encoding, span_results, store.folder / "files", recipe
        )
        self._imported_clip = ImportedClip(
            self.selection, self.player_state, self.status, self.background
        )
        self._shot_follower = ShotFollower(
            self.document, self.job_monitor, self.selection, self.player_state,
            self.render_forecast, project.pictures,
        )  # fmt: skip
        top.follow(
            self.document, self.render_actions, self.background, device_info, can_free=can_free
        )
        self.banner = Banner(icons)

    def rooms(self) -> Iterator[tuple[str, QWidget] | None]:
        """Make room after room, those first that are seen first; each with its place.

        None is for a turn of the loop in between.
        """
        self._build_keyframes()
        yield None
        self._build_player()
        yield "Player", self.player
        self._build_stages()
        yield None
        self._build_shot()
        yield "Shot", self.shot
        self._build_subjects()
        yield "Subjects", self.subjects
        self._build_timeline()
        yield "Timeline", self.timeline
        self._build_queue()
        yield "Queue", self.queue_panel
        yield "Queue bar", self.queue_bar
        self._build_takes()
        yield "Takes", self.takes
        self._build_library()
        yield "Library", self.library

    def _build_subjects(self) -> None:
        self.subjects = SubjectsPanel(
            self.document, self.queue, self.selection, self.status, self.render_actions,
            self.job_monitor, self.present, self.project.training_plans, self.project.pictures,
            self.background, self._icons,
        )  # fmt: skip

    def _build_takes(self) -> None:
        self.takes = TakesPanel(
            self.document, self.selection, self.player_state, self.status, self.project.pictures,
            self._drag_export, self.project.disk_usage, self._icons,
        )  # fmt: skip

    def _build_library(self) -> None:
        self.library = LibraryPanel(
            self.library_state, self.document, self.present, self.model_list, self.status,
            self.downloads, self.idle_hashes, self.background, self._icons,
        )  # fmt: skip

    def _build_keyframes(self) -> None:
        self.keyframes = KeyframesPanel(
            self.edits, self.render_forecast, self.player_state, self.status, self.playback,
            self._brought, self.keymap, self._icons,
        )  # fmt: skip

    def _build_player(self) -> None:
        """The player, and what lies over it."""
        document, queue, monitor = self.document, self.queue, self.job_monitor
        player_state, status, pictures = self.player_state, self.status, self.project.pictures
        self.player = Player(
            document, queue, monitor, self.selection, player_state, status, pictures,
            self.playback, self.keyframes, self.keymap, self._icons,
        )  # fmt: skip
        self.comparison = TakeComparison(
            document, self.selection, player_state, pictures, status, self.player
        )
        self.start = StartPage(document, self._icons, self.player)
        self._tiles = TilePreview(
            document, player_state, status, queue, monitor, self.render_actions, pictures,
            self._icons.theme,
        )  # fmt: skip

    def _build_stages(self) -> None:
        self.stages = Stages(
            self.queue, self.job_monitor, self.present, self.render_actions, self.render_forecast,
            self._icons,
        )  # fmt: skip

    def _build_shot(self) -> None:
        self.shot = ShotPanel(
            self.document, self.present, self.model_list, self.render_actions, self.stages,
            self.project.render_plan, self.stacks, self._icons,
        )  # fmt: skip

    def _build_queue(self) -> None:
        self.queue_panel = QueuePanel(self.queue, self.job_monitor, self._icons)
        self.queue_bar = QueueBar(self.queue, self.job_monitor, self._icons)
        self.queue_bar.entered.connect(self.queue_panel.take_focus)

    def _build_timeline(self) -> None:
        project = self.project
        self.timeline_edits = TimelineEdits(self.document)
        self.timeline = TimelinePanel(
            self.timeline_edits, project.timeline_look, project.timeline_player,
            project.timeline_pictures, self.document, self.selection, self.status,
            project.timeline_renders, project.media_files, project.timeline_scopes,
            self.background, self.keymap, self._icons,
        )  # fmt: skip

    def _delete_rooms(self) -> None:
        """Have Qt delete what stands behind the rooms."""
        for each in (
            self._tiles, self._shot_follower, self._imported_clip, self.edits, self.edits.versions,
            self._brought, self.variations, self.timeline_edits, self.idle_hashes,
            self.library_state, self.downloads, self.stacks, self.keymap,
        ):  # fmt: skip
            each.deleteLater()
