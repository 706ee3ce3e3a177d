"""Given frames moved along: how far, which of them, and that words and time decide."""

import pytest
import torch

from studio.engine.drift import Drift, moved, nearest


def dot(x: int, y: int, size: int = 16) -> torch.Tensor:
    """A soft dot at a cell, (1, 1, size, size)."""
    row = torch.arange(size, dtype=torch.float32)
    away = (row[:, None] - y) ** 2 + (row[None] - x) ** 2
    return torch.exp(-away / 4)[None, None]


def middle(picture: torch.Tensor) -> tuple[float, float]:
    """Centre of mass (x, y) of (1, h, w) in cells."""
    weight = picture[0] / picture.sum()
    row = torch.arange(picture.shape[-1], dtype=torch.float32)
    return float((weight.sum(0) * row).sum()), float((weight.sum(1) * row).sum())


def test_a_shift_is_in_half_pictures():
    shift = torch.tensor([[0.25, 0.0], [0.0, -0.5]])
    right, up = moved(dot(7, 7).expand(2, -1, -1, -1), shift, torch.ones(2))
    assert middle(right) == pytest.approx((9, 7), abs=0.05)
    assert middle(up) == pytest.approx((7, 3), abs=0.05)


def test_a_zoom_is_about_the_middle():
    far = moved(dot(9, 7), torch.zeros(1, 2), torch.tensor([1.5]))[0]
    assert middle(far)[0] == pytest.approx(7.5 + 1.5 * 1.5, abs=0.1)
    assert far.sum() > 1.8 * dot(9, 7).sum()


@pytest.mark.parametrize(
    ("known", "sources", "apart"),
    [
        ("x....", [0, 0, 0, 0, 0], [0, 1, 2, 3, 4]),
        ("....x", [4, 4, 4, 4, 4], [-4, -3, -2, -1, 0]),
        ("x...x", [0, 0, 0, 4, 4], [0, 1, 2, -1, 0]),
        (".x.x.", [1, 1, 1, 3, 3], [-1, 0, 1, 0, 1]),
    ],
)
def test_the_nearest_known_frame_and_its_distance(known, sources, apart):
    mask = torch.tensor([[letter == "x" for letter in known]])
    source, far = nearest(mask, torch.arange(5)[None] + 50)
    assert source.tolist() == [sources]
    assert far.tolist() == [apart]


@pytest.fixture
def drift():
    torch.manual_seed(0)
    made = Drift(12, 8).requires_grad_(False)
    made.way.weight.copy_(torch.randn(3, 8))
    return made


def go(drift, words, known, *, pace=1.0, first=0):
    clip = dot(7, 7).expand(len(known), -1, -1, -1)
    mask, at = torch.tensor([known]), torch.arange(len(known))[None] + first
    return drift(words, clip, mask, at, torch.tensor([pace]))


def test_known_frames_stay_and_the_others_go_on_evenly(drift):
    words = torch.randn(1, 12)
    made = go(drift, words, [False, True, False])
    torch.testing.assert_close(made[1:2], dot(7, 7), atol=1e-5, rtol=0)
    before, after = (middle(made[k]) for k in (0, 2))
    for a, b in zip(before, after, strict=True):
        assert a - 7 == pytest.approx(7 - b, abs=0.6)
    assert abs(before[0] - 7) + abs(before[1] - 7) > 0.1


def test_words_distance_and_pace_decide_and_positions_do_not(drift):
    one, other = torch.randn(2, 1, 12)
    known = [True, False, False]
    made = go(drift, one, known)
    assert (go(drift, other, known) - made).abs().max() > 1e-2
    assert (made[1] - made[2]).abs().max() > 1e-2
    torch.testing.assert_close(go(drift, one, known, first=40), made)
    slow = go(drift, one, [True, False, False, False, False], pace=0.25)
    torch.testing.assert_close(slow[4], made[1])
