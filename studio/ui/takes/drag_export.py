"""Takes as files that can leave the window: made when a take is pressed, ready when it is dragged."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from studio.project.files import to_refusal
from studio.project.project import Render
from studio.project.stored_frames import stored_frames
from studio.spec.refusal import Refusal
from studio.ui.state.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.project.takes import TakeStore
    from studio.spec.request import ClipRequest

LONGEST_WORDS = 120
"""Bytes of the prompt in a file's name."""
BEING_MADE = "The file is being made. Try again in a moment."


def outgoing_name(render: Render, suffix: str = ".mp4") -> str:
    """A file name that people recognise, of its own for each take: the prompt's first words, the
    seed, the take's number."""
    words = as_stem(render.request.prompt) or "clip"
    return f"{words}-{render.request.seed}-take-{render.order}{suffix}"


def as_stem(text: str) -> str:
    """The first words of a text, as every system takes them in a file's name."""
    words = "".join(c if c.isalnum() else " " for c in text).split()
    return "-".join(words[:6])[:60].encode()[:LONGEST_WORDS].decode(errors="ignore")


class DragExport(QObject):
    """One MP4 per take in the project's own folder, named by its words and seed."""

    def __init__(
        self,
        background: Background,
        span_results: "TakeStore",
        folder: Path,
        recipe: "Callable[[ClipRequest], dict]",
    ) -> None:
        super().__init__()
        self._background, self._span_results, self._folder = background, span_results, folder
        self._recipe = recipe
        self._pending: set[str] = set()
        self._troubles: dict[str, str] = {}

    def file(self, render: Render) -> Path | None:
        """The finished file, or None while it is being made; `disabled_reason` says more."""
        path = self._path(render)
        if path.is_file():
            return path
        self.prepare(render)
        return None

    def disabled_reason(self, render: Render) -> str:
        """Why there is no file yet: it is being made, or what was in the way the last time."""
        return self._troubles.get(render.id, BEING_MADE)

    def prepare(self, render: Render) -> None:
        """Begin to make the file, unless it is there or being made."""
        if render.id in self._pending or self._path(render).is_file():
            return
        self._pending.add(render.id)
        self._background.ask(
            lambda: self._write(render),
            lambda _: self._pending.discard(render.id),
            lambda error: self._could_not(render, error),
            owner=self,
        )

    def _path(self, render: Render) -> Path:
        return self._folder / render.id / outgoing_name(render)

    def _write(self, render: Render) -> None:
        from studio.media.video import write_video  # numpy stays out of the start-up

        path, request = self._path(render), render.request
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise to_refusal(error, path) from error
        frames, size = stored_frames(self._span_results, list(render.spans)), request.size
        write_video(path, frames, fps=request.rate, size=size, recipe=self._recipe(request))

    def _could_not(self, render: Render, error: Exception) -> None:
        self._pending.discard(render.id)
        if not isinstance(error, Refusal):
            raise error
        self._troubles[render.id] = str(error)
