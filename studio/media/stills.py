"""Frames as PNG: one picture, or a numbered series."""

import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from studio.durable import put_in_place, sync_folder
from studio.media import formats
from studio.media.naming import IN_FOLDER, numbered, replaced, series
from studio.media.places import is_folder
from studio.media.provenance import PNG_RECIPE, PNG_XMP, Recipe, recipe_json, xmp_packet
from studio.media.writing import scratch_beside, write_aside
from studio.spec.refusal import Refusal


def write_png(path: Path, frames: Iterable[np.ndarray], recipe: Recipe | None) -> int:
    """Write the first of `frames`, or all of them if `path` is a folder or holds `%04d`.

    A series appears as a whole once its last frame is done; a new folder appears with it, and an
    older, longer series of that name leaves nothing behind; one not made here is refused.  Gives
    how many pictures were written.
    """
    if formats.means_folder(path):
        return _write_series(path, IN_FOLDER, frames, recipe)
    if numbered(path.name):
        return _write_series(path.parent, path.name, frames, recipe)
    with write_aside(path) as part:
        for frame in islice(frames, 1):
            _save(part, frame, recipe)
    return 1


def _write_series(
    folder: Path, pattern: str, frames: Iterable[np.ndarray], recipe: Recipe | None
) -> int:
    name = numbered(pattern)
    assert name is not None
    replaced(folder / pattern)
    with scratch_beside(folder / pattern if is_folder(folder) else folder) as scratch:
        ready = scratch / "frames"
        ready.mkdir()
        for index, frame in enumerate(frames):
            _save(ready / name(index), frame, recipe)
        older = [file for _, file in series(folder / pattern)]
        new = {file.name for file in ready.iterdir()}
        _move(ready, folder)
        for file in older:
            if file.name not in new:
                file.unlink(missing_ok=True)
    return len(new)


def _save(path: Path, frame: np.ndarray, recipe: Recipe | None) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(PNG_XMP, xmp_packet().decode())
    if recipe is not None:
        info.add_itxt(PNG_RECIPE, recipe_json(recipe))
    with path.open("wb") as file:
        Image.fromarray(frame).save(file, "PNG", pnginfo=info)
        file.flush()
        os.fsync(file.fileno())


def _move(ready: Path, folder: Path) -> None:
    """Put the finished series in place: the folder itself if it is new, else file by file."""
    sync_folder(ready)
    try:
        if is_folder(folder):
            for file in sorted(ready.iterdir()):
                put_in_place(file, folder / file.name)
        else:
            put_in_place(ready, folder)
    except OSError as error:
        raise Refusal(
            f"The frames could not be put into {folder}.", "Choose an empty folder."
        ) from error
    sync_folder(folder)
    sync_folder(folder.parent)
