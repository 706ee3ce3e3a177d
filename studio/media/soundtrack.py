"""A clip's sound on its way into a container: lossless on the disk, a block at a time in memory."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from studio.media import ffmpeg
from studio.media.audio import CHANNELS, RATE


def write_sound(
    path: Path, blocks: Iterable[np.ndarray], waiting: Callable[[], None] = lambda: None
) -> None:
    """Write `blocks` of samples, float32 (n, 2), -1..1, as FLAC of 24 bits in Matroska.

    `waiting` is called after each block and may raise `Cancelled`.
    """
    arguments = [
        "-f", "f32le", "-ar", str(RATE), "-ac", str(CHANNELS), "-i", "pipe:0",
        "-c:a", "flac", "-sample_fmt", "s32", "-f", "matroska", ffmpeg.file_url(path),
    ]  # fmt: skip
    with ffmpeg.running(arguments, fed=True) as program:
        program.feed(_bytes(blocks, waiting))
        program.finish(waiting)


def _bytes(blocks: Iterable[np.ndarray], waiting: Callable[[], None]) -> Iterable[memoryview]:
    for block in blocks:
        yield np.ascontiguousarray(block, "<f4").data.cast("B")
        waiting()
