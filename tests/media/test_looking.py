"""Clips looked at: what the container says, frames shrunk to a bound, one in full."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from studio.media.container import probe
from studio.media.footage import read_video
from studio.media.looking import declared, fitting, read_frames, read_shrunk
from studio.media.video import write_video
from studio.spec.refusal import Refusal

COUNT = 40
SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module", params=[".mp4", ".webm", ".gif"])
def clip(request, tmp_path_factory) -> Path:
    """Frames that get brighter one by one."""
    path = tmp_path_factory.mktemp("clips") / f"clip{request.param}"
    frames = (np.full((64, 96, 3), 5 * k + 10, np.uint8) for k in range(COUNT))
    write_video(path, frames, fps=25, size=(96, 64), recipe=None)
    return path


def test_the_container_says_what_decoding_finds(clip):
    said, found = declared(clip, 600), probe(clip)
    assert (said.width, said.height, said.fps, said.frames) == (
        found.width, found.height, found.fps, found.frames,
    )  # fmt: skip


def test_frames_come_within_the_side_and_no_more_than_wanted(clip):
    frames = list(read_shrunk(clip, 48, 30, lambda: True))
    assert len(frames) == 30
    assert {frame.shape for frame in frames} == {(32, 48, 3)}
    assert next(read_shrunk(clip, 600, 30, lambda: True)).shape == (64, 96, 3)
    left = iter((True, True, False, False))
    assert len(list(read_shrunk(clip, 48, 30, lambda: next(left)))) == 2


def test_one_frame_in_full_is_the_one_that_playing_shows(clip):
    all_of_them = list(read_video(clip))
    (one,) = read_frames(clip, 17)
    assert np.array_equal(one, all_of_them[17])
    some = read_frames(clip, 30, 4)
    assert np.array_equal(np.stack(some), np.stack(all_of_them[30:34]))
    with pytest.raises(Refusal):
        read_frames(clip, COUNT)


@pytest.mark.parametrize("room", [10_000, 100_000, 10**9])
def test_all_frames_fit_the_room(clip, room):
    longest = fitting(declared(clip, 600), room)
    frames = list(read_shrunk(clip, longest, 600, lambda: True))
    assert len(frames) == COUNT
    assert longest <= 96
    assert sum(frame.nbytes for frame in frames) <= max(room, COUNT * 16 * 16 * 3)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the clips of ../shared/data are not here")
def test_what_cameras_and_editors_leave():
    for name, frames, fps in (
        ("sample_edit_list.mp4", 77, Fraction(30000, 1001)),
        ("derived_single_frame.mp4", 1, Fraction(1)),
        ("decord_video_90.mov", 3, Fraction(30)),
    ):
        (file,) = SHARED.rglob(name)
        said = declared(file, 600)
        assert said.frames == pytest.approx(frames, abs=1), name  # one lies at the cut
        assert float(said.fps) == pytest.approx(float(fps), rel=0.02), name
    assert next(read_shrunk(file, 100, 9, lambda: True)).shape == (100, 56, 3)


def test_what_is_no_video_is_refused(tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"nothing" * 50)
    with pytest.raises(Refusal, match=r"no\.mp4"):
        declared(tmp_path / "no.mp4", 10)
