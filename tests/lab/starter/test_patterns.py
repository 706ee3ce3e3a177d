"""Patterns of given frames: every kind comes, as often as it says, and none is empty."""

import numpy as np
import pytest

from studio.lab.starter import patterns


def drawn(count: int, frames: int = 8) -> np.ndarray:
    return patterns.around(np.random.default_rng(1), count, frames)


@pytest.mark.parametrize("frames", [5, 8])
def test_something_is_given_and_something_is_left(frames):
    known = drawn(500, frames)
    assert known.shape == (500, frames)
    assert known.any(1).all()
    assert not known.all(1).any()


def test_what_the_product_fills_comes_often_enough():
    known = drawn(4000)
    given = known.sum(1)
    forwards = known[:, 0] & (given <= 2) & ~known[:, -1]
    backwards = known[:, -1] & (given <= 2) & ~known[:, 0]
    ends = known[:, 0] & known[:, -1] & ~known[:, 2:6].any(1)
    assert forwards.mean() == pytest.approx(0.35, abs=0.05)
    assert backwards.mean() == pytest.approx(0.15, abs=0.05)
    assert ends.mean() == pytest.approx(0.2, abs=0.04)
    assert (given == 7).mean() > 0.15
    assert len({tuple(row) for row in known.tolist()}) > 100


def test_interpolation_is_given_every_fourth():
    assert patterns.every_fourth(2, 5).tolist() == [[True, False, False, False, True]] * 2
