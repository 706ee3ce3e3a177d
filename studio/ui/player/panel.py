"""The player: a picture, the keyframes of the shot, and the transport."""

from dataclasses import replace
from itertools import chain, zip_longest

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from studio.jobs.job import Job
from studio.jobs.payloads import RenderPayload
from studio.jobs.queue import Queue
from studio.project.project import Render
from studio.spec.progress import Progress
from studio.spec.quantities import clip_length, count, rate
from studio.spec.spans import last_keys, spans
from studio.ui.player.canvas import Canvas
from studio.ui.player.gestures import KEYS, gestures
from studio.ui.player.shown_clip import of_take
from studio.ui.player.shuttle import Shuttle
from studio.ui.player.transport import Transport
from studio.ui.state.document import Document
from studio.ui.state.frames import Frames, Loaded
from studio.ui.state.images import ImageLoader, from_preview
from studio.ui.state.job_monitor import JobMonitor
from studio.ui.state.keymap import Keymap, entries_of
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState, Shown
from studio.ui.state.selection import Selection
from studio.ui.state.status import Status
from studio.ui.widgets.controls import ElidedLabel, EmptyState, Panel, label, row
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.motion import motion
from studio.ui.widgets.theme import UNIT

FIRST_STEP = "Write what to show, then press Ctrl+Enter to preview its keyframes."
PREVIEW = "Press Ctrl+Enter to preview the keyframes of this shot."
NEXT_STEP = "Choose a take, or press Ctrl+Enter to preview the keyframes of the shot."


class Player(Panel):
    """Shows what `PlayerState` holds; fetches the frames of the selected take.

    `tile_asked` says where in the picture the pointer is: 0..1 down and across.
    """

    tile_asked = Signal(tuple)

    def __init__(
        self,
        document: Document,
        queue: Queue,
        job_monitor: JobMonitor,
        selection: Selection,
        player_state: PlayerState,
        status: Status,
        pictures: ImageLoader,
        playback: Playback,
        keyframes: QWidget,
        keymap: Keymap,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._keymap = keymap
        self._document, self._job_monitor = document, job_monitor
        self._selection, self._player_state = selection, player_state
        self._status, self._pictures = status, pictures
        self.playback, self.shuttle = playback, Shuttle(player_state, playback)
        self._spot: tuple = ()
        self._build(keyframes, icons)
        self.gestures = gestures(
            player_state, playback, self.shuttle, self.transport, self.canvas, self.copy_frame
        )
        keymap.offer(entries_of(KEYS, self.gestures))
        self._take_keys()
        keymap.changed.connect(self._take_keys)
        player_state.shown_changed.connect(self._follow_shown)
        document.changed.connect(self._reflect_empty)
        player_state.playhead_moved.connect(self._paint)
        player_state.options_changed.connect(self._paint)
        player_state.playing_changed.connect(self._look_ahead)
        pictures.cache.arrived.connect(self._paint)
        pictures.cache.failed.connect(self._unreadable)
        self.canvas.clicked_beside.connect(player_state.back)
        self.transport.copy.clicked.connect(self.copy_frame)
        self.transport.tile.clicked.connect(lambda: self.tile_asked.emit(self.canvas.place))
        selection.take_selected.connect(self._fetch)
        queue.progressed.connect(self._preview)
        queue.finished.connect(self._previewed)
        self._fetch(selection.take)
        self._follow_shown()

    @property
    def main_view(self) -> QWidget:
        return self.canvas if self._player_state.shown else self

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key means for the player; False where it means nothing."""
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self._player_state.back()
            return True
        gesture = self.gestures.get(self._keymap.find(KEYS, event))
        if gesture is None:
            return False
        if gesture.name == "stop":
            self.shuttle.key = Qt.Key(event.key())
        gesture.act()
        return True

    def _take_keys(self) -> None:
        self.gestures = self._keymap.keyed(KEYS, self.gestures)

    def _build(self, keyframes: QWidget, icons: Icons) -> None:
        self.setObjectName("ground")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.facts = ElidedLabel("", "title"), label("", "small")
        head = row(self.title, self.facts, gap=2 * UNIT)
        head.setObjectName("panel")
        head.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        head.setFixedHeight(32)
        self.facts.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        _pad(head, 2 * UNIT, 0)
        self.canvas = Canvas(icons.theme)
        self.empty = EmptyState(icons, "clip", "Nothing to watch yet", FIRST_STEP)
        self.stage = QStackedWidget()
        self.stage.addWidget(self.empty)
        self.stage.addWidget(self.canvas)
        self.transport = Transport(self._player_state, self.playback, icons)
        self.transport.setObjectName("panel")
        self.transport.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(head)
        layout.addWidget(self.stage, 1)
        layout.addWidget(keyframes)
        layout.addWidget(self.transport)

    def _follow_shown(self) -> None:
        shown = self._player_state.shown
        self.stage.setCurrentWidget(self.canvas if shown else self.empty)
        self._reflect_empty()
        self.title.set_text(self._titled(shown) if shown else "Player")
        self.facts.setText(self._facts(shown) if shown else "")
        self._paint()

    def _reflect_empty(self) -> None:
        """The next step, where there is nothing to see."""
        if self._player_state.shown is not None:
            return
        has_takes = bool(self._document.project.takes)
        first = PREVIEW if self._document.shot.prompt.strip() else FIRST_STEP
        self.empty.title.setText("Nothing is shown" if has_takes else "Nothing to watch yet")
        self.empty.hint.setText(NEXT_STEP if has_takes else first)

    def _titled(self, shown: Shown) -> str:
        """Its title, and its shot where that is not the one being worked on."""
        if not shown.shot or shown.shot == self._document.shot.id:
            return shown.title
        place = self._document.project.places.get(shown.shot)
        shot = "A deleted shot" if place is None else f"Shot {place + 1}"
        return f"{shot} · {shown.title}"

    @staticmethod
    def _facts(shown: Shown) -> str:
        size = shown.frames.size
        noun = "frame" if shown.kind in ("clip", "tile", "timeline", "compare") else "keyframe"
        number = len(shown.frames)
        parts = [count(number, noun), f"{clip_length(number, shown.fps)} at {rate(shown.fps)}"]
        parts.append(f"{size.width()} × {size.height()} px")
        return " · ".join([*parts, "preview quality"] if shown.kind == "preview" else parts)

    def _paint(self, *_: object) -> None:
        player_state, shown = self._player_state, self._player_state.shown
        self._look_ahead()
        if shown is None:
            return
        at, before = player_state.playhead, shown.before if player_state.compare else None
        was = before.at(at) if before and at < len(before) else None
        together = () if before else [frames.near(at) for frames in shown.beside]
        names, smooth = shown.names, player_state.smooth
        self.canvas.show_picture(
            shown.frames.near(at), smooth=smooth, before=was, together=together, names=names
        )
        self.canvas.look_closely(actual=player_state.actual, loupe=player_state.loupe)

    def _look_ahead(self, *_: object) -> None:
        """Request the frames that play next, and those they are compared with."""
        player_state, shown = self._player_state, self._player_state.shown
        if shown is None:
            return
        played = shown.played(compare=player_state.compare)
        parts = tuple(frames.part(player_state.playhead) for frames in played)
        way = (player_state.speed > 0) - (player_state.speed < 0)
        spot = (*map(id, played), *parts, way, player_state.loop)
        if spot != self._spot:
            self._spot = spot
            requests = (
                f.requests(player_state.playhead, player_state.speed, loop=player_state.loop)
                for f in played
            )
            both = chain.from_iterable(zip_longest(*requests))
            self._pictures.cache.request(request for request in both if request)

    def _unreadable(self, _key: str, why: str) -> None:
        self._player_state.set_speed(0)
        self._status.post(why)

    def _fetch(self, take: str) -> None:
        """Load the selected take; an answer that comes after another selection is dropped."""
        if not take:
            return
        render = self._document.project.render(take)

        def arrived(frames: Frames) -> None:
            if self._selection.take == take:
                self._player_state.show(of_take(render, frames))
                self._begin() if self._selection.plays else self._player_state.set_speed(0)
                self._fetch_before(render)

        def refused(error: Exception) -> None:
            self._status.post(str(error))

        self._pictures.frames(render.spans, self, arrived, refused)

    def _begin(self) -> None:
        """Play what has come, unless nothing is to move by itself."""
        self._player_state.set_speed(0 if motion.is_reduced else 1)

    def _fetch_before(self, render: Render) -> None:
        """What an upsampled take was before, where its frames are still stored."""
        if render.request.upsample is None:
            return

        def arrived(before: Frames) -> None:
            shown = self._player_state.shown
            if shown and shown.take == render.id and shown.kind == "clip":
                self._player_state.show(replace(shown, before=before))

        small = last_keys(spans(replace(render.request, upsample=None)))
        self._pictures.frames(small, self, arrived, lambda _: None)

    def copy_frame(self) -> None:
        """Put the frame under the playhead on the clipboard, in its own size."""
        shown, number = self._player_state.shown, self._player_state.playhead
        if shown is None:
            return

        def arrived(pictures: tuple[QImage, ...]) -> None:
            QApplication.clipboard().setImage(pictures[0])
            self._status.post(f"Frame {number + 1} copied.")

        def refused(error: Exception) -> None:
            self._status.post(str(error))

        self._pictures.whole(shown.frames, number, 1, self, arrived, refused)

    def _preview(self, id: int, progress: Progress) -> None:
        if id != self._selection.following or not progress.preview or progress.stage != "keyframes":
            return
        job = self._job_monitor.job(id)
        if isinstance(job.typed, RenderPayload):
            starts = not self._player_state.shown or self._player_state.shown.kind != "preview"
            frames = Loaded(from_preview(progress.preview))
            self._player_state.show(_keyframes("preview", job, job.typed, frames))
            if starts:
                self._begin()

    def _previewed(self, id: int, _result: object) -> None:
        """Put the finished keyframes in the place of their rough previews."""
        job = self._job_monitor.job(id)
        if id != self._selection.following or job.kind != "preview_keyframes":
            return
        payload = job.typed
        if not isinstance(payload, RenderPayload):
            return

        def arrived(frames: Frames) -> None:
            if self._selection.following == id:
                self._player_state.show(_keyframes("keyframes", job, payload, frames))
                self._begin()

        keys = last_keys(spans(payload.request))
        self._pictures.frames(keys, self, arrived, lambda error: self._status.post(str(error)))


def _keyframes(kind: str, job: Job, payload: RenderPayload, frames: Frames) -> Shown:
    """The keyframes that a job makes, at their own rate."""
    fps, shot = payload.request.fps, payload.shot
    return Shown(kind, job.title, frames, fps, frames_per_keyframe=1, shot=shot)


def _pad(widget: QWidget, sides: int, ends: int) -> None:
    layout = widget.layout()
    if layout:
        layout.setContentsMargins(sides, ends, sides, ends)
