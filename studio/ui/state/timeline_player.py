"""The timeline on the player: one playhead for both, wherever it is moved."""

from PySide6.QtCore import QObject, QSize, Signal

from studio.ui.state.document import Document
from studio.ui.state.images import ImageLoader
from studio.ui.state.playback import Playback
from studio.ui.state.player_state import PlayerState, Shown
from studio.ui.state.selection import Selection
from studio.ui.state.timeline_frames import TimelineFrames
from studio.ui.state.timeline_look import TimelineLook

KIND, TITLE = "timeline", "Timeline"
SIZE = QSize(512, 320)
"""Of black, where nothing on the timeline has a size."""


class TimelinePlayer(QObject):
    """Shows the timeline on the player when it is asked to, and keeps it up to date there.

    While something else is shown, the playhead of the timeline stays where it was.
    """

    moved = Signal()
    """The playhead was, or whether the timeline is what the player shows has changed."""

    def __init__(
        self,
        document: Document,
        selection: Selection,
        player_state: PlayerState,
        playback: Playback,
        pictures: ImageLoader,
        look: TimelineLook,
    ) -> None:
        super().__init__()
        self._document, self._selection, self._player_state = document, selection, player_state
        self._playback, self._pictures, self._look = playback, pictures, look
        self._position = 0
        self._timeline = document.project.timeline
        document.changed.connect(self._follow)
        look.changed.connect(self._renew)
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
        timeline, loader = self._document.project.timeline, self._pictures
        frames = TimelineFrames(
            timeline, self._look.take, loader.cache.get, loader.read, self._size()
        )
        return Shown(KIND, TITLE, frames, timeline.rate)

    def _size(self) -> QSize:
        takes = self._look.found.takes.values() if self._look.found else ()
        sizes = [
            (take.width * take.height, take.width, take.height) for take in takes if take.parts
        ]
        return QSize(*max(sizes)[1:]) if sizes else SIZE
