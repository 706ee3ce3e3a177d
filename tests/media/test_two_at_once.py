"""Two exports to one file: what is there at the end, and at any moment, is one of them, whole."""

import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from studio.media.footage import read_video
from studio.media.video import write_video


def film(level: int) -> list[np.ndarray]:
    return [np.full((32, 32, 3), level, np.uint8)] * 12


def export(path: Path, level: int, begun: threading.Barrier) -> None:
    """Its first frame waits until the other has begun, so that both write at once."""

    def frames():
        begun.wait(60)
        yield from film(level)

    write_video(path, frames(), fps=Fraction(8), size=(32, 32), recipe=None)


@pytest.mark.parametrize("ending", ["mp4", "gif", "webm"])
def test_one_file_is_written_twice(tmp_path, ending):
    path, begun = tmp_path / f"a.{ending}", threading.Barrier(2)
    failed: list[BaseException] = []

    def run(level: int) -> None:
        try:
            export(path, level, begun)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(level,)) for level in (40, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failed == []
    found = np.stack(list(read_video(path)))
    assert len(found) == 12
    assert min(abs(found.astype(int) - level).max() for level in (40, 200)) < 12
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
