"""Motion compensation: which known frames it reads, how it moves them, and that it can be learned."""

import pytest
import torch

from studio.engine.families.videoldm.motion_compensation import (
    MotionCompensation,
    nearest_known_pair,
    shift_and_zoom,
    soft_argmax,
    warp,
)


def dot(x: float, y: float, size: int = 16) -> torch.Tensor:
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
    right, up = shift_and_zoom(dot(7, 7).expand(2, -1, -1, -1), shift, torch.ones(2))
    assert middle(right) == pytest.approx((9, 7), abs=0.05)
    assert middle(up) == pytest.approx((7, 3), abs=0.05)


def test_a_zoom_is_about_the_middle():
    far = shift_and_zoom(dot(9, 7), torch.zeros(1, 2), torch.tensor([1.5]))[0]
    assert middle(far)[0] == pytest.approx(7.5 + 1.5 * 1.5, abs=0.1)
    assert far.sum() > 1.8 * dot(9, 7).sum()


def test_what_grows_about_itself_stays():
    centre = torch.tensor([[0.25, -0.25]])  # cell 9.5, 5.5 of 16
    made = warp(dot(9.5, 5.5), torch.tensor([[0.0, 0.0, 0.3]]), centre, torch.ones(1))[0]
    assert middle(made) == pytest.approx((9.5, 5.5), abs=0.1)
    assert made.sum() > 1.5 * dot(9.5, 5.5).sum()


@pytest.mark.parametrize(
    ("known", "first", "second"),
    [
        ("x....", [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
        ("....x", [4, 4, 4, 4, 4], [4, 4, 4, 4, 4]),
        ("x...x", [0, 0, 0, 4, 4], [4, 4, 4, 0, 0]),
        ("xx...", [0, 1, 1, 1, 1], [1, 0, 0, 0, 0]),
        (".x.x.", [1, 1, 1, 3, 3], [3, 3, 3, 1, 1]),
        ("xx..x", [0, 1, 1, 4, 4], [1, 0, 4, 1, 1]),
    ],
)
def test_a_hole_looks_at_the_known_frames_next_to_it(known, first, second):
    mask = torch.tensor([[letter == "x" for letter in known]])
    clip = torch.arange(5.0).reshape(1, 5, 1, 1, 1)
    pair = nearest_known_pair(clip, mask, torch.arange(5)[None] + 50, torch.tensor([0.5]))
    assert pair.first.flatten().tolist() == first
    assert pair.second.flatten().tolist() == second
    assert pair.since.tolist() == [(k - f) / 2 for k, f in enumerate(first)]
    assert pair.gap.tolist() == [(s - f) / 2 for f, s in zip(first, second, strict=True)]


def test_keypoints_are_where_the_map_is_hottest():
    x, y = soft_argmax(60 * dot(12, 3))[0].tolist()
    assert (x, y) == pytest.approx((12.5 / 8 - 1, 3.5 / 8 - 1), abs=0.02)


@pytest.fixture
def compensation():
    torch.manual_seed(0)
    made = MotionCompensation(12, 1, 8)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made.requires_grad_(False)


def go(compensation, words, known, *, pace=1.0, first=0):
    clip = torch.cat([dot(5 + k, 7) for k in range(len(known))])
    mask = torch.tensor(known, dtype=torch.float32)[:, None, None, None].expand(-1, 1, 16, 16)
    at = torch.arange(len(known))[None] + first
    return compensation(words, clip, mask, at, torch.tensor([pace]))


def test_known_frames_stay_bit_for_bit(compensation):
    made = go(compensation, torch.randn(1, 5, 12), [False, True, False, True])
    assert torch.equal(made[1:2], dot(6, 7))
    assert torch.equal(made[3:4], dot(8, 7))


def test_words_distance_and_pace_decide_and_positions_do_not(compensation):
    one, other = torch.randn(2, 1, 5, 12)
    known = [True, False, False]
    made = go(compensation, one, known)
    assert (go(compensation, other, known) - made).abs().max() > 1e-3
    assert (made[1] - made[2]).abs().max() > 1e-3
    torch.testing.assert_close(go(compensation, one, known, first=40), made)
    slow = go(compensation, one, [True, False, False, False, False], pace=0.25)
    torch.testing.assert_close(slow[4], made[1])


def test_it_works_in_the_precision_of_the_network(compensation):
    words, clip, mask = torch.randn(1, 5, 12), torch.randn(3, 1, 16, 16), torch.zeros(3, 1, 16, 16)
    mask[0] = 1
    at, pace = torch.arange(3)[None], torch.ones(1)
    expected = compensation(words, clip, mask, at, pace)
    halved = (part.bfloat16() for part in (words, clip, mask))
    made = compensation.bfloat16()(*halved, at, pace)
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.float(), expected, atol=0.2, rtol=0.2)


def test_holes_do_not_show_what_they_hide(compensation):
    """Only known frames are looked at."""
    words, mask = torch.randn(1, 5, 12), torch.zeros(3, 1, 16, 16)
    mask[0] = 1
    clip = torch.randn(3, 1, 16, 16)
    other = torch.cat([clip[:1], torch.randn(2, 1, 16, 16)])
    at, pace = torch.arange(3)[None], torch.ones(1)
    torch.testing.assert_close(
        compensation(words, clip, mask, at, pace), compensation(words, other, mask, at, pace)
    )


def test_gradients_reach_everything_within_two_steps():
    torch.manual_seed(1)
    compensation, words = MotionCompensation(12, 1, 8), torch.randn(1, 5, 12)
    optimizer, reached = torch.optim.AdamW(compensation.parameters(), lr=1e-2), set()
    for _ in range(2):
        optimizer.zero_grad()
        (go(compensation, words, [True, True, False]) - 1).square().mean().backward()
        reached |= {
            n for n, p in compensation.named_parameters() if p.grad is not None and p.grad.any()
        }
        optimizer.step()
    assert {name for name, _ in compensation.named_parameters()} - reached == set()


def test_a_motion_between_two_frames_is_learned_and_goes_on():
    """Words say nothing here: the way is seen in two given frames alone."""
    torch.manual_seed(3)
    compensation, words = MotionCompensation(12, 1, 8), torch.zeros(16, 5, 12)
    optimizer = torch.optim.Adam(compensation.parameters(), lr=5e-3)
    mask = torch.tensor([1.0, 1, 0])[:, None, None, None].repeat(16, 1, 16, 16)

    def error() -> torch.Tensor:
        step = torch.randint(-2, 3, (16, 2))
        clip = torch.cat([dot(7 + k * x, 7 + k * y) for x, y in step.tolist() for k in range(3)])
        made = compensation(words, clip, mask, torch.arange(3).expand(16, -1), torch.ones(16))
        return (made - clip).square().mean()

    with torch.no_grad():
        before = torch.stack([error() for _ in range(4)]).mean()
    for _ in range(75):
        optimizer.zero_grad()
        error().backward()
        optimizer.step()
    with torch.no_grad():
        after = torch.stack([error() for _ in range(4)]).mean()
    assert after < before / 4
