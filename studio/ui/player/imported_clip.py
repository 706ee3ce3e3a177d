"""A clip of the user's on the player: read elsewhere, shrunk, to find a frame in."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background
from studio.ui.state.frames import FrameRequest, Pictures
from studio.ui.state.images import image
from studio.ui.state.player_state import PlayerState, Shown
from studio.ui.state.selection import Selection
from studio.ui.state.status import Status

if TYPE_CHECKING:
    from studio.media.looking import Declared

LONGEST_CLIP = 600
"""Frames that are read of a clip."""
ROOM = 256 * 2**20
"""Bytes that they take together: the longer a clip, the smaller they are."""
FIND = "Find the frame, then replace or insert a keyframe by it (P or I)."


class ImportedFrames:
    """The frames that have been read so far, shrunk; `read` reads them again as they are."""

    def __init__(self, clip: Path, size: QSize) -> None:
        self.clip, self.size = clip, size
        self._pictures: list[QImage] = []

    def __len__(self) -> int:
        return len(self._pictures)

    def add(self, pictures: Pictures) -> None:
        self._pictures += pictures

    def at(self, number: int) -> QImage | None:
        return self._pictures[number] if 0 <= number < len(self._pictures) else None

    def near(self, number: int) -> QImage:
        return self.at(min(max(0, number), len(self) - 1)) or QImage()

    def read(self, first: int, count: int = 1) -> Pictures:
        from studio.media.looking import read_frames

        return tuple(map(image, read_frames(self.clip, first, count)))

    def part(self, number: int) -> int:
        return 0

    def requests(self, number: int, speed: int, *, loop: bool) -> Iterator[FrameRequest]:
        return iter(())


class ImportedClip(QObject):
    """Puts one clip on the player, frame by frame as they come; reading stops as soon as another
    clip is dropped or something else is shown."""

    refused = Signal(str, str)
    _frames_read = Signal(object, object)  # Shown, pictures

    def __init__(
        self,
        selection: Selection,
        player_state: PlayerState,
        status: Status,
        background: Background,
        room: int = ROOM,
    ) -> None:
        super().__init__()
        self._selection, self._player_state = selection, player_state
        self._status, self._background, self._room = status, background, room
        self._stop = Event()
        self._frames_read.connect(self._show, Qt.ConnectionType.QueuedConnection)
        player_state.shown_changed.connect(self._follow_shown)

    def open(self, clip: Path) -> None:
        """Read a clip; frames appear as they come."""
        self.stop()
        self._stop = Event()
        self._selection.follow(0)
        work = partial(self._read, clip, self._stop)
        self._background.ask(work, self._read_to_its_end, self._could_not, owner=self)

    def stop(self) -> None:
        """Read no more: the decoder ends with the frame that it is at."""
        self._stop.set()

    def _read(self, clip: Path, stop: Event) -> int:
        """Elsewhere: gives how many frames were read, all of the clip or `LONGEST_CLIP`."""
        from studio.media.looking import declared, fitting, read_shrunk

        facts = declared(clip, LONGEST_CLIP)
        longest, shown, read = fitting(facts, self._room), None, 0
        for frame in read_shrunk(clip, longest, LONGEST_CLIP, lambda: not stop.is_set()):
            if shown is None:
                frames = ImportedFrames(clip, _upright(facts, frame.shape[1], frame.shape[0]))
                shown = Shown("clip", clip.name, frames, facts.fps)
            self._frames_read.emit(shown, (image(frame),))
            read += 1
        if not read and not stop.is_set():
            raise Refusal(f"{clip.name} holds no video.", "Choose another file.")
        return read

    def _show(self, shown: Shown, pictures: Pictures) -> None:
        frames = shown.frames
        assert isinstance(frames, ImportedFrames)
        first = not len(frames)
        if self._stop.is_set() or not (first or self._player_state.shown is shown):
            return
        frames.add(pictures)
        self._player_state.show(shown)
        if first:
            self._status.post(FIND)

    def _follow_shown(self) -> None:
        shown = self._player_state.shown
        if shown is None or not isinstance(shown.frames, ImportedFrames):
            self.stop()

    def _read_to_its_end(self, read: int) -> None:
        if read == LONGEST_CLIP and not self._stop.is_set():
            self._status.post(f"The first {count(read, 'frame')} were read. {FIND}")

    def _could_not(self, error: Exception) -> None:
        if not isinstance(error, Refusal):
            raise error
        self.refused.emit(error.what, error.hint)


def _upright(facts: "Declared", width: int, height: int) -> QSize:
    """The clip's own size, turned as its frames come."""
    sides = sorted((facts.width, facts.height))
    return QSize(*(sides if width < height else reversed(sides)))
