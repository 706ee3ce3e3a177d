"""All that stands behind the views of one open project, made once and given up in reverse."""

from PySide6.QtCore import QObject

from studio.jobs.planner import Planner
from studio.jobs.queue import Queue
from studio.project.remembered import Remembered
from studio.project.store import ProjectStore
from studio.project.subjects import SubjectStore
from studio.project.takes import TakeStore
from studio.ui.state.background import Background
from studio.ui.state.bins import Bins
from studio.ui.state.disk_usage import DiskUsage
from studio.ui.state.document import Document
from studio.ui.state.exports import Exports
from studio.ui.state.images import ImageLoader
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.likeness_scope import LikenessScope
from studio.ui.state.loss_log import LossLog
from studio.ui.state.media_files import MediaFiles
from studio.ui.state.model_list import ModelList, Scan, Shelve
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState
from studio.ui.state.render_actions import RenderActions
from studio.ui.state.render_forecast import RenderForecast
from studio.ui.state.render_plan import RenderPlan
from studio.ui.state.selection import Selection
from studio.ui.state.shot_state import PresentShot
from studio.ui.state.status import Status
from studio.ui.state.timeline_look import TimelineLook
from studio.ui.state.timeline_pictures import TimelinePictures
from studio.ui.state.timeline_player import TimelinePlayer
from studio.ui.state.timeline_renders import TimelineRenders
from studio.ui.state.timeline_scopes import TimelineScopes
from studio.ui.state.timeline_sound import TimelineSound
from studio.ui.state.training_plan import TrainingPlans


class OpenProject:
    """Made and wired by the studio window, which hands each view the objects that it uses."""

    def __init__(
        self,
        store: ProjectStore,
        subjects: SubjectStore,
        span_results: TakeStore,
        queue: Queue,
        remembered: Remembered,
        planner: Planner | None = None,
    ) -> None:
        self.store, self.span_results, self.queue = store, span_results, queue
        self.background, self.encoding = Background(), Background(1)
        self.document = Document(store, subjects, self.background)
        self.model_list = ModelList()
        self.present = PresentShot(self.document, self.model_list)
        self.selection, self.player_state, self.status = Selection(), PlayerState(), Status()
        self.playback = Playback(self.player_state)
        self.job_monitor = JobMonitor(queue)
        self._loss_log = LossLog(subjects, queue, self.job_monitor, self.background)
        self.render_actions = RenderActions(
            self.document, queue, self.model_list, self.present, self.selection, self.status
        )
        self.exports = Exports(self.document, queue)
        self.remembered = remembered
        self.bins = Bins(
            store, subjects, span_results, self.document, queue, self.background, remembered.recent
        )
        self.pictures = ImageLoader(self.background, span_results)
        self.render_forecast = RenderForecast(
            self.document, queue, self.job_monitor, self.present, span_results, self.background
        )
        self.timeline_look = TimelineLook(
            self.document, queue, self.model_list, span_results, self.background
        )
        self._open_timeline()
        self._planning = Background(1)
        self.render_plan = RenderPlan(
            self.document, self.present, self.render_forecast, span_results, planner,
            self._planning,
        )  # fmt: skip
        self.training_plans = TrainingPlans(self.present, planner, self._planning)
        for news in (queue.preparation.ended, queue.finished, self.render_plan.budget_set):
            news.connect(self.training_plans.outdated)
        self.disk_usage = DiskUsage(
            store, span_results, self.document, queue, self.selection, self.encoding, remembered,
            subjects.folder,
        )  # fmt: skip
        self.model_list.changed.connect(self.render_forecast.look)

    def _open_timeline(self) -> None:
        """What edits the timeline, plays it and looks at it."""
        self.media_files = MediaFiles(self.document)
        self.pictures.films = self.media_files.read
        self.timeline_pictures = TimelinePictures(self.pictures)
        self.timeline_renders = TimelineRenders(
            self.document, self.model_list, self.render_actions, self.timeline_look, self.span_results,
            self.background,
        )  # fmt: skip
        self.timeline_player = TimelinePlayer(
            self.document, self.selection, self.player_state, self.playback, self.pictures,
            self.timeline_look, self.media_files,
        )  # fmt: skip
        self._likeness = LikenessScope(self.document, self.queue)
        self.timeline_scopes = TimelineScopes(
            self.document, self.timeline_player, self.pictures.arrays, self._likeness
        )
        self.timeline_sound = TimelineSound(self.document, self.player_state, self.playback)

    def start(self, scan: Scan, shelve: Shelve) -> None:
        """Read the subjects, look for models, run the queue."""
        self.document.read_subjects()
        self.bins.start()
        self.model_list.look(scan, self.background, shelve)
        self.queue.start()
        self.disk_usage.start()
        self._loss_log.start()

    def stop(self) -> None:
        """Let nothing of it run on."""
        self._loss_log.close()
        self.queue.close()
        self.disk_usage.stop()
        self.encoding.close()
        self.timeline_scopes.close()
        self.timeline_sound.close()
        self.media_files.close()
        self.timeline_pictures.close()
        self.pictures.close()
        self.render_plan.stop()
        self._planning.close()
        self.background.close()

    def save(self) -> None:
        """Save what is not saved yet, and let the folder go; refused when the save fails."""
        self.document.close()

    def delete(self) -> None:
        """Have Qt delete the objects, those first that listen to others."""
        self.render_forecast.stop()
        self.timeline_look.stop()
        objects: tuple[QObject, ...] = (
            self.timeline_scopes, self._likeness, self.timeline_sound, self.timeline_renders,
            self.timeline_player, self.timeline_pictures, self.media_files, self.timeline_look,
            self.training_plans, self.render_plan, self.render_forecast,
            self.exports, self.bins,
            self.render_actions, self.present, self.job_monitor, self.queue,
            self.playback, self.status, self.player_state, self.selection, self.model_list,
            self.document,
        )  # fmt: skip
        for each in objects:
            each.deleteLater()
