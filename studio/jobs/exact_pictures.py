"""Exact frames of what plays on a timeline as pictures of a project: what is made around an imported
film, or around a take of another model or size, goes on from the very frame that is seen."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from studio.jobs.timeline_frames import SpanFrames, StoredTake
from studio.project.asset_files import file_of
from studio.project.pictures import PictureStore
from studio.project.project import Project
from studio.project.takes import TakeStore
from studio.spec.refusal import Refusal
from studio.spec.timeline.holding import Place

if TYPE_CHECKING:
    import numpy as np


class ExactPictures(Mapping[Place, str]):
    """The identities of pictures of frames: each is read and kept when it is first asked for.

    KeyError for what is no medium of the project; raises `Refusal` for a frame that is gone.
    """

    def __init__(self, project: Callable[[], Project], folder: Path, takes: TakeStore) -> None:
        self._project, self._folder, self._takes = project, folder, takes
        self._store = PictureStore(folder)
        self._kept: dict[Place, str] = {}

    def __getitem__(self, place: Place) -> str:
        if place not in self._kept:
            self._kept[place] = self._store.keep(_png(self._frame(place)), ".png", "frame")
        return self._kept[place]

    def __iter__(self) -> Iterator[Place]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def _frame(self, place: Place) -> np.ndarray:
        id, number = place
        project = self._project()
        for render in project.renders:
            if render.id == id:
                return StoredTake(render, SpanFrames(self._takes)).frame(number)
        asset = project.timeline.asset(id)
        return exact_frame(file_of(asset, self._folder), number, still=asset.frames == 1)


def exact_frame(path: Path, number: int, *, still: bool) -> np.ndarray:
    """A frame of a file in its own size, uint8 (H, W, 3); raises `Refusal` where it has none."""
    from studio.media.looking import read_frames
    from studio.media.photo import open_photo

    if still:
        try:
            return open_photo(path)
        except Refusal:
            number = 0
    return read_frames(path, number)[0]


def _png(frame: np.ndarray) -> bytes:
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(frame).save(data, "PNG")
    return data.getvalue()
