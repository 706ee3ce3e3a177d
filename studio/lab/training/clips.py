"""A user's own clips as a training set: cut into pieces of one size and length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from studio.media.places import is_folder
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    import numpy as np

SUFFIXES = frozenset((".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".gif"))
MOST_BYTES = 2**30
"""Of frames in memory."""


def cut(folder: Path, size: int, length: int, tick: Tick = silent) -> np.ndarray:
    """The clips below a folder in pieces of `length` frames, their middle squares, as uint8
    (N, length, size, size, 3); of long ones, or of many, the beginnings.
    """
    import numpy as np

    files = find_videos(folder)
    most = max(1, MOST_BYTES // (length * size * size * 3) // len(files))
    pieces: list[np.ndarray] = []
    for done, file in enumerate(files):
        tick(Progress("reading clips", done, len(files), note=file.name))
        for number, piece in enumerate(_pieces(file, size, length), start=1):
            pieces.append(piece)
            if number == most:
                break
    if not pieces:
        raise Refusal(
            f"No clip in {folder} has {length} frames.", "Choose a folder with longer clips."
        )
    return np.stack(pieces)


def find_videos(folder: Path) -> list[Path]:
    """The clips below a folder, in the order of their paths; refused where there are none."""
    if not is_folder(folder):
        raise Refusal(f"The folder {folder} does not exist.", "Choose a folder of clips.")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not files:
        raise Refusal(f"{folder} holds no clips.", "Choose a folder with MP4, WebM or GIF files.")
    return files


def _pieces(file: Path, size: int, length: int) -> Iterator[np.ndarray]:
    import numpy as np

    from studio.media.footage import read_video
    from studio.media.photo import square

    piece: list[np.ndarray] = []
    for frame in read_video(file):
        piece.append(square(frame, size))
        if len(piece) == length:
            yield np.stack(piece)
            piece = []
