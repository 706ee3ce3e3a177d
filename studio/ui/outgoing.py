"""Takes as files that can leave the window: made when a take is pressed, ready when it is dragged."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from studio.project.plain import to_plain
from studio.project.project import Render
from studio.ui.background import Background
from studio.ui.pictures import outgoing_name

if TYPE_CHECKING:
    import numpy as np

    from studio.project.takes import TakeStore

Write = Callable[[Path, Render], None]


class Outgoing(QObject):
    """One MP4 per take in the project's own folder, named by its words and seed."""

    def __init__(self, background: Background, takes: "TakeStore", folder: Path) -> None:
        super().__init__()
        self._background, self._takes, self._folder = background, takes, folder
        self._asked: set[str] = set()

    def file(self, render: Render) -> Path | None:
        """The finished file, or None while it is being made."""
        path = self._path(render)
        if path.is_file():
            return path
        self.prepare(render)
        return None

    def prepare(self, render: Render) -> None:
        """Begin to make the file, once."""
        if render.id in self._asked or self._path(render).is_file():
            return
        self._asked.add(render.id)
        self._background.ask(
            lambda: self._write(render),
            failed=lambda _: self._asked.discard(render.id),
            owner=self,
        )

    def _path(self, render: Render) -> Path:
        return self._folder / render.id / outgoing_name(render)

    def _write(self, render: Render) -> None:
        from studio.media.video import write_video  # numpy stays out of the start-up

        path, asked = self._path(render), render.request
        path.parent.mkdir(parents=True, exist_ok=True)
        size = (asked.width, asked.height)
        recipe = {"request": to_plain(asked)}
        write_video(path, self._frames(render), fps=asked.fps, size=size, recipe=recipe)

    def _frames(self, render: Render) -> "Iterator[np.ndarray]":
        for key in render.spans:
            arrays = self._takes.get(key)
            if arrays is None:
                raise FileNotFoundError(key)
            yield from arrays["frames"]
