"""Files of the user's on their way onto the timeline: looked at elsewhere, then put in their place."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.spec.refusal import Refusal
from studio.spec.timeline.bringing import Brought
from studio.ui.state.media_files import MediaFiles
from studio.ui.state.status import Status
from studio.ui.timeline.edits import TimelineEdits


class FileBringer(QObject):
    """Puts files on the timeline one after another, each as soon as somebody has looked at it."""

    refused = Signal(str, str)
    brought = Signal(str)
    """The first clip of a file."""

    timeline_brought = Signal(object)  # Path
    """Another program's timeline."""

    def __init__(self, edits: TimelineEdits, media: MediaFiles, status: Status) -> None:
        super().__init__()
        self._edits, self._media, self._status = edits, media, status

    def bring(self, files: Sequence[Path], track: str = "", start: int | None = None) -> None:
        """Read files and put them from a frame on, or behind all that is there."""
        if self._edits.only_read:
            self.refused.emit(self._edits.only_read, "")
        elif len(files) == 1 and files[0].suffix.lower() == ".otio":
            self.timeline_brought.emit(files[0])
        elif files:
            self._next(list(files), track, start)

    def _next(self, files: list[Path], track: str, start: int | None) -> None:
        path = files.pop(0)
        self._status.post(f"{path.name} is being read.")

        def go_on(at: int | None) -> None:
            if files:
                self._next(files, track, at)

        def found(brought: Brought) -> None:
            clip = self._place(path, brought, track, start)
            timeline = self._edits.timeline
            end = timeline.start(clip) + timeline.clip(clip).length if clip else start
            go_on(end)

        def refused(refusal: Refusal) -> None:
            self.refused.emit(refusal.what, refusal.hint)
            go_on(start)

        self._look(path, found, refused)

    def _look(
        self, path: Path, then: Callable[[Brought], None], refused: Callable[[Refusal], None]
    ) -> None:
        try:
            str(path).encode()
        except UnicodeEncodeError:
            refused(Refusal("The name of this file is no text.", "Rename it first."))
            return
        self._media.look(path, then, refused)

    def _place(self, path: Path, brought: Brought, track: str, start: int | None) -> str:
        clip = self._edits.bring(brought, path.name[:100], str(path.absolute()), track, start)
        if clip:
            self._status.post(f"{path.name} is on the timeline.")
            self.brought.emit(clip)
        return clip
