"""The motion prior: words, frame and place, and only differences of positions."""

import pytest
import torch

from studio.engine.families.videoldm.motion_prior import MotionPrior, place_waves


@pytest.fixture
def prior():
    torch.manual_seed(0)
    return MotionPrior(12, 8, reach=3).requires_grad_(False)


def test_places_are_shares_of_the_picture():
    small, large = place_waves((2, 4), torch.zeros(1)), place_waves((4, 8), torch.zeros(1))
    assert small.shape == (8, 12)
    four = large.unflatten(0, (4, 8))[:2, :2].mean((0, 1))
    slow = [0, 3, 6, 9]  # half a turn across the picture, the sines and cosines of y and x
    torch.testing.assert_close(four[slow], small[0, slow], atol=0.02, rtol=0)
    assert len({tuple(row) for row in small.tolist()}) == 8


def test_words_frame_and_place_all_count(prior):
    one, other = torch.randn(2, 1, 12)
    at = torch.arange(4)[None]
    seen = prior(one.expand(4, -1), at, (4, 4))
    assert seen.shape == (4, 8, 4, 4)
    assert (seen[0] - seen[3]).abs().max() > 1e-2
    assert (seen[..., 0] - seen[..., 3]).abs().max() > 1e-2
    assert (seen - prior(other.expand(4, -1), at, (4, 4))).abs().max() > 1e-2


def test_only_differences_of_positions_matter(prior):
    at = torch.tensor([[0, 1, 5, 6]])
    torch.testing.assert_close(prior.frame_features(at + 50), prior.frame_features(at))


def test_a_frame_is_known_by_its_neighbours_in_reach(prior):
    when = prior.frame_features(torch.arange(20)[None])[0]
    inside = prior.offsets.mean(0)
    torch.testing.assert_close(when[3:17], inside.expand(14, -1))
    torch.testing.assert_close(when[0], prior.offsets[3:].mean(0))
    torch.testing.assert_close(when[19], prior.offsets[:4].mean(0))


def test_clips_beside_each_other_do_not_mix(prior):
    words = torch.randn(2, 12).repeat_interleave(4, 0)
    at = torch.arange(4).expand(2, -1)
    both = prior(words, at, (2, 2))
    torch.testing.assert_close(both[4:], prior(words[4:], at[1:], (2, 2)))
