"""A frame decoded from the keyframe before it is the frame of a whole decode, pixel for pixel."""

from pathlib import Path

import numpy as np
import pytest

from studio.media import ffmpeg, seeking
from studio.media.footage import read_video
from studio.media.looking import declared, read_frames
from studio.media.seeking import frames_from_key
from studio.media.video import write_video
from studio.spec.refusal import Refusal

ROOT = Path(__file__).parents[3]
SMALL = 110_000
"""Bytes of a film that is decoded in a second or two."""
SHARED = [ROOT / "shared" / "data" / name for name in ("awkward/videos", "clips")]
FILMS = [
    pytest.param(film, marks=[pytest.mark.long] if film.stat().st_size > SMALL else [])
    for folder in SHARED
    if folder.is_dir()
    for film in sorted(folder.iterdir())
]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """600 frames, a keyframe every 250 at most."""
    path = tmp_path_factory.mktemp("film") / "long.mp4"
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 255, (48, 64, 3)).astype(np.uint8)
    frames = (np.roll(ground, k, 1) for k in range(600))
    write_video(path, frames, fps=24, size=(64, 48), recipe=None, total=600)
    return path


def test_frames_far_into_a_film_are_those_of_a_whole_decode(film):
    whole = list(read_video(film))
    for first, count in ((599, 1), (480, 4), (250, 2), (77, 1)):
        found = frames_from_key(film, first, count)
        assert found is not None
        assert np.array_equal(found, whole[first : first + count])
        assert np.array_equal(read_frames(film, first, count), whole[first : first + count])
    assert frames_from_key(film, 598, 4) is None
    with pytest.raises(Refusal):
        read_frames(film, 598, 4)


def test_it_decodes_from_the_keyframe_before_it(film, monkeypatch):
    """Its arguments are those of a seek, and ffmpeg is not asked for a decode from the start."""
    asked, running = [], ffmpeg.running
    monkeypatch.setattr(
        ffmpeg, "running", lambda a, **how: asked.append(list(a)) or running(a, **how)
    )
    read_frames(film, 590)
    decodes = [arguments for arguments in asked if "image2pipe" in arguments]
    (arguments,) = decodes
    assert float(arguments[arguments.index("-ss") + 1]) == pytest.approx(590 / 24, abs=0.1)


def test_a_film_that_became_another_is_listed_anew(film, tmp_path):
    other = tmp_path / "other.mp4"
    other.write_bytes(film.read_bytes())
    assert frames_from_key(other, 300, 1) is not None
    write_video(
        other, [np.zeros((48, 64, 3), np.uint8)] * 60, fps=24, size=(64, 48), recipe=None, total=60
    )
    assert frames_from_key(other, 300, 1) is None
    assert read_frames(other, 55)[0].max() < 8


@pytest.mark.shared
@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.name)
def test_real_and_awkward_films(film, monkeypatch):
    """What cannot be had so is decoded whole: it is never another frame."""
    monkeypatch.setattr(seeking, "NEAR", 0)
    try:
        many = declared(film, 10_000).frames
        numbers = {many // 3, 2 * many // 3, many - 1}
        frames = enumerate(read_video(film, torn=lambda _: None))
        whole = {number: frame for number, frame in frames if number in numbers}
    except Refusal:
        return
    for number in numbers:
        found = frames_from_key(film, number, 1)
        assert found is None or np.array_equal(found[0], whole[number])
