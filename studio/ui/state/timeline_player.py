"""The timeline on the player: one playhead for both, wherever it is moved."""

from PySide6.QtCore import QObject, QSize, Signal

from studio.project.timeline_export import film_size
from studio.spec.timeline.marking import marked
from studio.ui.state.document import Document
from studio.ui.state.images import ImageLoader
from studio.ui.state.media_files import MediaFiles
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState, Shown
from studio.ui.state.selection import Selection
from studio.ui.state.timeline_frames import TimelineFrames
from studio.ui.state.timeline_look import TimelineLook
from studio.ui.state.timeline_lookup import TakeFrames

KIND, TITLE = "timeline", "Timeline"
SIZE = QSize(512, 320)
"""Of black, where nothing on the timeline has a size."""


class TimelinePlayer(QObject):
    """Shows the timeline on the player when it is asked to, and keeps it up to date there.

    While something else is shown, the playhead of the timeline stays where it was.
    """

    moved = Signal()
    """The playhead was, or whether the timeline is what the player shows has changed."""
    media_changed = Signal()
    """More is known of where frames are."""

    def __init__(
        self,
        document: Document,
        selection: Selection,
        player_state: PlayerState,
        playback: Playback,
        pictures: ImageLoader,
        look: TimelineLook,
        media: MediaFiles,
    ) -> None:
        super().__init__()
        self._document, self._selection, self._player_state = document, selection, player_state
        self._playback, self._pictures, self._look = playback, pictures, look
        self._media = media
        self._position = 0
        self._timeline = document.project.timeline
        document.laid_out.connect(self._follow)
        look.changed.connect(self._renew)
        media.changed.connect(self._renew)
        look.changed.connect(self.media_changed)
        media.changed.connect(self.media_changed)
        player_state.playhead_moved.connect(self._follow_playhead)
        player_state.shown_changed.connect(self.moved)

    @property
    def is_shown(self) -> bool:
        """Whether the timeline is what the player shows."""
        shown = self._player_state.shown
        return shown is not None and shown.kind == KIND

    @property
    def position(self) -> int:
        """The frame of the timeline at the playhead."""
        return self._position

    def show(self) -> None:
        """Put the timeline on the player, where its playhead was; nothing while it is empty."""
        if self.is_shown or not self._document.project.timeline.length:
            return
        position = self._position
        self._selection.follow(0)
        self._player_state.set_speed(0)
        self._player_state.show(self._shown())
        self._player_state.seek(position)

    def go(self, frame: int) -> None:
        """Show the timeline at a frame; one that plays goes on from there."""
        self.show()
        if self.is_shown:
            self._playback.go(frame)
        else:
            self._position = max(0, frame)
            self.moved.emit()

    def step(self, frames: int) -> None:
        """Pause, and move by some frames."""
        self._player_state.set_speed(0)
        self.go(self._position + frames)

    def _follow(self) -> None:
        timeline = self._document.project.timeline
        if timeline is not self._timeline:
            self._timeline = timeline
            self._renew()

    def _renew(self) -> None:
        """The frames of the timeline as it is now in the place of those that were shown."""
        if not self.is_shown:
            return
        if self._document.project.timeline.length:
            self._player_state.show(self._shown())
        else:
            self._player_state.show(None)

    def _follow_playhead(self, frame: int) -> None:
        if self.is_shown:
            self._position = frame
            self.moved.emit()

    def _shown(self) -> Shown:
        project, loader = self._document.project, self._pictures
        timeline = project.timeline
        size = film_size(project)
        frames = TimelineFrames(
            timeline, self.medium, loader.cache.get, loader.read, QSize(*size) if size else SIZE
        )
        is_marked = (timeline.mark_in, timeline.mark_out) != (None, None)
        first, end = marked(timeline)
        return Shown(
            KIND, TITLE, frames, timeline.rate,
            marked=(first, end) if is_marked and end > first else None,
        )  # fmt: skip

    def medium(self, id: str) -> TakeFrames | None:
        """Where the frames of a take or a file are; None while that is not known."""
        return self._look.take(id) or self._media.film(id)
