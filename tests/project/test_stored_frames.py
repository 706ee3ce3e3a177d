"""Frames of a clip that lies in several takes."""

import hashlib

import numpy as np
import pytest

from studio.project.stored_frames import FramesGone, in_order, stored_frames
from studio.project.takes import TakeStore

FRAMES = np.random.default_rng(5).integers(0, 256, (4, 3, 16, 24, 3), np.uint8)
KEYS = [hashlib.blake2b(bytes([k]), digest_size=16).hexdigest() for k in range(len(FRAMES))]


@pytest.fixture
def takes(tmp_path):
    def save(path, frames):
        with path.open("wb") as file:
            np.save(file, frames)

    store = TakeStore(tmp_path / "takes", save, lambda path: iter(np.load(path)), ".npy")
    for key, frames in zip(KEYS, FRAMES, strict=True):
        store.put(key, {"frames": frames})
    return store


def test_frames_come_in_the_order_of_the_keys(takes):
    frames = np.stack(list(stored_frames(takes, KEYS[::-1])))
    assert np.array_equal(frames, np.concatenate(FRAMES[::-1]))


def test_frames_are_repeated_and_left_out_as_the_order_says(takes):
    frames = list(in_order(stored_frames(takes, KEYS), (0, 0, 4, 11)))
    assert np.array_equal(frames, FRAMES.reshape(-1, 16, 24, 3)[[0, 0, 4, 11]])


def test_all_damaged_takes_of_a_clip_are_set_aside_at_once(takes, tmp_path):
    """Otherwise each rendering mends one of them and the next reading stops at the next."""
    for key in KEYS[1:3]:
        (file,) = (tmp_path / "takes" / key[:2] / key).glob("frames*")
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    with pytest.raises(FramesGone):
        list(stored_frames(takes, KEYS))
    assert [takes.has(key) for key in KEYS] == [True, False, False, True]
    for key, frames in zip(KEYS, FRAMES, strict=True):
        takes.put(key, {"frames": frames})
    assert np.array_equal(np.stack(list(stored_frames(takes, KEYS))), np.concatenate(FRAMES))
