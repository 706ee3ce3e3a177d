"""How large a file will be: measured on a few frames, since codecs and pictures differ too much."""

import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from studio.media.encoders import Encoding
from studio.media.video import write_video
from studio.spec.progress import Tick, silent

SAMPLE = 12
"""Frames in a row that are encoded."""
_KEY_EVERY = 250
"""Frames from one whole picture to the next, as the encoders set them."""


def estimated_bytes(
    encoding: Encoding,
    quality: str,
    sample: Sequence[np.ndarray],
    fps: Fraction,
    frames: int,
    tick: Tick = silent,
) -> int:
    """Bytes of so many frames, from `sample`, uint8 (H, W, 3), frames in a row of them.

    The sample and its first half are encoded: their difference is what one more frame costs.
    """
    if frames <= len(sample):
        return _size(encoding, quality, sample[:frames], fps, tick)
    half = max(1, len(sample) // 2)
    small = _size(encoding, quality, sample[:half], fps, tick)
    if half == len(sample):
        return small * frames
    large = _size(encoding, quality, sample, fps, tick)
    each = max(0.0, (large - small) / (len(sample) - half))
    whole = max(0.0, small - half * each)
    return round(whole * (1 + frames // _KEY_EVERY) + each * frames)


def _size(
    encoding: Encoding, quality: str, sample: Sequence[np.ndarray], fps: Fraction, tick: Tick
) -> int:
    size = (sample[0].shape[1], sample[0].shape[0])
    with tempfile.TemporaryDirectory(prefix="studio-estimate-") as folder:
        path = Path(folder) / f"sample{encoding.suffix}"
        if encoding.id == "png":
            path = Path(folder) / "sample"
        write_video(
            path, sample, fps=fps, size=size, recipe=None, encoding=encoding.id, quality=quality,
            tick=tick,
        )  # fmt: skip
        files = path.iterdir() if path.is_dir() else [path]
        return sum(file.stat().st_size for file in files)
