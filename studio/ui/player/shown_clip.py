"""Which clip the player shows when a project is opened, the shot changes or a take is deleted."""

from itertools import takewhile

from PySide6.QtCore import QObject

from studio.jobs.job import Job
from studio.jobs.payloads import RenderPayload
from studio.project.project import Render
from studio.spec.request import ClipRequest
from studio.spec.spans import last_keys, spans
from studio.spec.stages import sparse
from studio.ui.state.document import Document
from studio.ui.state.frames import Frames, Loaded
from studio.ui.state.images import ImageLoader
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.player_state import PlayerState, Shown
from studio.ui.state.render_forecast import RenderForecast
from studio.ui.state.selection import Selection


class ShotFollower(QObject):
    """Another shot brings its newest take, or what is being made of it; a deleted take goes.  Where
    there is none, the keyframes that are made are shown as soon as they are known.

    Takes of other shots, and clips of the user's, can be chosen all the same: frames of them become
    keyframes.
    """

    def __init__(
        self,
        document: Document,
        job_monitor: JobMonitor,
        selection: Selection,
        player_state: PlayerState,
        render_forecast: RenderForecast,
        pictures: ImageLoader,
    ) -> None:
        super().__init__()
        self._render_forecast, self._pictures = render_forecast, pictures
        self._document, self._job_monitor = document, job_monitor
        self._selection, self._player_state = selection, player_state
        self._shot = document.project.selected
        self._renders, self._takes = document.project.renders, self._kept()
        document.laid_out.connect(self._follow)
        render_forecast.changed.connect(self._show_keyframes)

    def show_newest(self, *, play: bool = True) -> None:
        """Put the newest take of the shot on the player; it begins to play, or stands."""
        shot, project = self._document.shot.id, self._document.project
        newest = next((take for take in project.takes if take.shot == shot), None)
        if newest:
            self._selection.select_take(newest.id, play=play)

    def _kept(self) -> frozenset[str]:
        return frozenset(take.id for take in self._document.project.takes)

    def _follow(self) -> None:
        gone, shot = self._gone(), self._document.project.selected
        if shot != self._shot:
            self._shot = shot
            self._turn()
        elif self._selection.take in gone:
            self._clear()

    def _gone(self) -> frozenset[str]:
        """The takes that were there before; looked for where takes are others at all."""
        renders = self._document.project.renders
        if renders is self._renders:
            return frozenset()
        self._renders = renders
        before, self._takes = self._takes, self._kept()
        return before - self._takes

    def _turn(self) -> None:
        """To the shot that was chosen."""
        shown = self._player_state.shown
        if shown and not shown.shot:
            return  # a clip of the user's belongs to no shot
        making = [job.id for job in self._job_monitor.jobs if _shot_of(job) == self._shot]
        self._clear()
        if making:
            self._selection.follow(making[-1])
        else:
            self.show_newest()

    def _show_keyframes(self) -> None:
        """What there is of the shot, where the player is empty and nothing is on its way to it."""
        found, shot = self._render_forecast.forecast, self._shot
        if found is None or not any(found.made) or not self._is_free():
            return

        def show(frames: Frames) -> None:
            if shot == self._shot and self._is_free():
                self._player_state.show(of_keyframes(found.request, frames, shot))
                self._player_state.set_speed(0)

        def never_shown(_: Exception) -> None:
            """They were decoded in the clip alone, or some of them only: their pictures will do."""
            each = map(self._render_forecast.picture, range(len(found.keyframes)))
            known = tuple(picture for picture in takewhile(bool, each) if picture)
            if known:
                show(Loaded(known))

        keys = last_keys(spans(sparse(found.request)))
        self._pictures.frames(keys, self, show, never_shown)

    def _is_free(self) -> bool:
        chosen = self._selection
        return not (self._player_state.shown or chosen.take or chosen.following)

    def _clear(self) -> None:
        self._selection.follow(0)
        self._player_state.show(None)


def _shot_of(job: Job) -> str:
    return job.typed.shot if isinstance(job.typed, RenderPayload) else ""


def of_take(render: Render, frames: Frames) -> Shown:
    """A take as the player shows it; a range of a clip does not begin with a keyframe."""
    request = render.request
    frames_per_keyframe = 0 if request.only else request.frames_per_keyframe
    title = f"Take {render.order} · {request.prompt}"
    return Shown("clip", title, frames, request.rate, render.id, frames_per_keyframe, render.shot)


def of_keyframes(request: ClipRequest, frames: Frames, shot: str) -> Shown:
    """The keyframes of a clip that was not rendered, at their own rate."""
    title = f"Keyframes · {request.prompt}"
    return Shown("keyframes", title, frames, request.fps, frames_per_keyframe=1, shot=shot)
