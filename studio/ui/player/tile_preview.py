"""Preview of the upsampling: one tile, shown in its place in the smoothly enlarged frame."""

from dataclasses import replace

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPen

from studio.jobs.payloads import TilePayload
from studio.jobs.queue import Queue
from studio.project.project import Render
from studio.spec.progress import Preview
from studio.spec.request import ClipRequest
from studio.ui.state.document import Document
from studio.ui.state.frames import Loaded
from studio.ui.state.images import ImageLoader, from_preview
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.player_state import PlayerState, Shown
from studio.ui.state.render_actions import RenderActions
from studio.ui.state.status import Status
from studio.ui.widgets.painter import painting
from studio.ui.widgets.theme import Theme

ASK, BACK = "Preview a tile of the upsampling (T)", "Back to the take (Esc)"
CHOOSE = "Choose a take first: a tile of it is upsampled."
ALREADY = "This take is upsampled already."


class TilePreview(QObject):
    """Asks for a tile at the pointer and lays what comes over the take.

    T again, Esc, a click beside the picture, on a keyframe or on the take lead back to it.
    `offered` says what pressing T would do, and why it would do nothing where it would not;
    `compared_at` where the line between before and after should stand, 0..1 of the width.
    """

    offered = Signal(str, str)
    compared_at = Signal(float)

    def __init__(
        self,
        document: Document,
        player_state: PlayerState,
        status: Status,
        queue: Queue,
        job_monitor: JobMonitor,
        render_actions: RenderActions,
        pictures: ImageLoader,
        theme: Theme,
    ) -> None:
        super().__init__()
        self._document, self._queue = document, queue
        self._player_state, self._status = player_state, status
        self._job_monitor, self._render_actions, self._theme = job_monitor, render_actions, theme
        self._pictures = pictures
        player_state.shown_changed.connect(self.reflect)
        document.laid_out.connect(self.reflect)
        queue.finished.connect(self._finished)

    def toggle(self, place: tuple[float, float]) -> None:
        """Preview the tile at a place, 0..1 down and across, or show the take again."""
        shown = self._player_state.shown
        if shown and shown.kind == "tile":
            self._player_state.back()
        elif (render := self._render()) and not self._disabled_reason():
            self._player_state.set_speed(0)
            self._render_actions.preview_tile(render, self._player_state.playhead, place)

    def reflect(self) -> None:
        shown = self._player_state.shown
        if shown and shown.kind == "tile":
            self.offered.emit(BACK, "")
        else:
            self.offered.emit(ASK, self._disabled_reason())

    def _disabled_reason(self) -> str:
        render = self._render()
        if render is None:
            return CHOOSE
        if self._document.read_only:
            return self._document.only_read
        request = render.request
        return ALREADY if request.upsample else self._render_actions.tile_disabled_reason(request)

    def _render(self) -> Render | None:
        """The take on the player; None where there is none, or it was taken away meanwhile."""
        shown = self._player_state.shown
        if not shown or shown.kind != "clip":
            return None
        return next((r for r in self._document.project.renders if r.id == shown.take), None)

    def _finished(self, id: int, result: object) -> None:
        job, shown = self._job_monitor.job(id), self._player_state.shown
        preview = self._job_monitor.progress(id).moving or self._job_monitor.progress(id).still
        if job.kind != "preview_tile" or not isinstance(result, dict) or preview is None:
            return
        render = self._render()
        payload = job.typed
        if shown and render and isinstance(payload, TilePayload) and render.id == payload.take:
            self._show(shown, render.request, preview, result)

    def _show(self, shown: Shown, request: ClipRequest, preview: Preview, found: dict) -> None:
        first = int(found["first"]) - (request.only[0] if request.only else 0)

        def arrived(before: tuple[QImage, ...]) -> None:
            if self._player_state.shown is not shown or not before:
                return  # something else is looked at by now
            frames = tuple(
                self._put(*pair, found["tile"], request.part("upscaler").scale)
                for pair in zip(before, from_preview(preview), strict=False)
            )
            at = self._player_state.playhead - first
            tile = replace(
                shown, kind="tile", title=f"{shown.title} · a tile", frames=Loaded(frames),
                before=Loaded(before), take="", frames_per_keyframe=0,
            )  # fmt: skip
            self._player_state.lay_over(tile, at)
            _, left, _, width = found["tile"]
            self.compared_at.emit((left + width / 2) / before[0].width())
            self._player_state.set_compare(True)

        def refused(error: Exception) -> None:
            self._status.post(str(error))

        self._pictures.whole(shown.frames, first, preview.frames, self, arrived, refused)

    def _put(self, small: QImage, made: QImage, tile: list[int], times: int) -> QImage:
        """A frame so many times larger, with the tile in its place and a line around it."""
        smooth = Qt.TransformationMode.SmoothTransformation
        keep = Qt.AspectRatioMode.IgnoreAspectRatio
        whole = small.scaled(small.size() * times, keep, smooth)
        top, left, height, width = (times * side for side in tile)
        with painting(whole) as painter:
            painter.drawImage(left, top, made)
            if (width, height) != (whole.width(), whole.height()):
                painter.setPen(QPen(self._theme.colour("accent"), 1))
                painter.drawRect(QRectF(left + 0.5, top + 0.5, width - 1, height - 1))
        return whole
