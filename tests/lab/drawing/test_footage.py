"""Procedural footage: the same for the same seed, at any size, resting, panning and playing."""

from itertools import pairwise

import numpy as np
import pytest

from studio.lab.drawing import footage


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_pool_depends_on_its_seed_alone():
    ticks = []
    made = footage.pool(3, 4, tick=ticks.append)
    assert made.shape == (4, footage.FRAMES, 64, 64, 3)
    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made[:2], footage.pool(3, 2))
    assert not np.array_equal(made[:2], footage.pool(4, 2))
    assert [tick.step for tick in ticks] == [1, 2, 3, 4]


@pytest.mark.parametrize("size", [64, 128])
def test_a_camera_passes_evenly(size):
    moved, rested = 0, 0
    for seed in range(12):
        frames = footage.passed(rng(seed), size)
        assert frames.shape == (footage.FRAMES, size, size, 3)
        assert 0 <= frames.min() < frames.max() <= 1
        shifts = [_shift(one, other) for one, other in pairwise(frames)]
        most = footage.FASTEST * size / 64 + 1
        assert np.abs(shifts).max() <= most
        assert np.ptp(shifts, 0).max() <= 1  # evenly, but for rounding to pixels
        moved += np.abs(shifts).max() > 0
        rested += np.array_equal(frames[0], frames[-1])
    assert moved
    assert rested


def _shift(one: np.ndarray, other: np.ndarray) -> tuple[int, int]:
    """By how many pixels the second lies farther along, by phase correlation."""
    spectra = [np.fft.fft2((part - part.mean()).mean(-1)) for part in (one, other)]
    cross = spectra[0] * spectra[1].conj()
    peak = np.fft.ifft2(cross / (np.abs(cross) + 1e-9)).real.argmax()
    found = np.array(np.unravel_index(peak, one.shape[:2]))
    size = np.array(one.shape[:2])
    down, along = (found + size // 2) % size - size // 2
    return int(down), int(along)


def test_scenes_come_at_every_rate():
    changes = [np.abs(np.diff(footage.scene(rng(seed)), axis=0)).mean() for seed in range(12)]
    assert max(changes) > 20 * min(changes)


def test_a_large_clip_shows_what_a_small_one_does():
    small, large = footage.scene(rng(5)), footage.scene(rng(5), 128)
    halved = large.reshape(footage.FRAMES, 64, 2, 64, 2, 3).mean((2, 4))
    moving = np.abs(small - small.mean(0)).max(-1) > 0.1
    assert moving.any()
    # the ground's noise is drawn anew at every size; the object is the same
    assert np.abs(small - halved)[moving].mean() < 0.1
