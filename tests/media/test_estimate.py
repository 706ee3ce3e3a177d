"""Estimates of a file's size lie near what is then written."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from studio.media.encoders import BY_ID
from studio.media.estimate import SAMPLE, estimated_bytes
from studio.media.video import write_video


def film(frames: int) -> list[np.ndarray]:
    """A disc that crosses grainy ground, 96 × 64."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:64, :96]
    made = []
    for k in range(frames):
        frame = rng.integers(90, 110, (64, 96, 3), np.uint8)
        frame[(rows - 32) ** 2 + (columns - 2 * k) ** 2 < 150] = (220, 60, 40)
        made.append(frame)
    return made


@pytest.mark.parametrize("id", ["h264", "webp", "gif", "png"])
def test_near_what_is_written(tmp_path, id):
    frames, encoding = film(40), BY_ID[id]
    sample = list(islice(frames, 14, 14 + SAMPLE))
    guess = estimated_bytes(encoding, "good", sample, Fraction(24), 40)
    out = tmp_path / ("all" if id == "png" else f"a{encoding.suffix}")
    write_video(out, frames, fps=24, size=(96, 64), recipe=None, encoding=id, quality="good")
    files = out.iterdir() if out.is_dir() else [out]
    real = sum(file.stat().st_size for file in files)
    assert 0.5 * real < guess < 1.6 * real
