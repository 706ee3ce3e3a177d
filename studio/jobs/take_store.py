"""The take store of a project folder, with frames as lossless video."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.project.takes import TakeStore

if TYPE_CHECKING:
    import numpy as np

RATE = Fraction(8)
"""Of the stored video; the rate of a clip is its request's affair."""


def take_store(folder: Path) -> TakeStore:
    """A take store in `folder`; numpy is imported with the first take."""

    def save(path: Path, frames: np.ndarray) -> None:
        from studio.media.video import write_lossless

        write_lossless(path, frames, RATE)

    def load(path: Path) -> Iterable[np.ndarray]:
        from studio.media.video import read_lossless

        return read_lossless(path)

    return TakeStore(folder, save, load)
