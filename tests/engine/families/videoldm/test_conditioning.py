"""Known frames enter the temporal layers and say something to the others."""

import pytest
import torch

from studio.engine.families.videoldm.conditioning import (
    ConditionPyramid,
    interpolate_known,
    zero_conv,
)
from tests.engine.tiny_video import given, image, video


@pytest.mark.parametrize("size", [(8, 8), (10, 13), (9, 7), (2, 8)])
@torch.no_grad()
def test_pyramid_meets_every_level_of_the_network(size):
    maps = ConditionPyramid(4, 8, 4)(torch.randn(2, 4, *size), torch.ones(2, 1, *size))
    sizes, x, base = [size], torch.randn(1, 32, *size), image(4)
    for block in base.down_blocks[:-1]:
        x = block.downsamplers[0](x[:, :1].expand(-1, block.downsamplers[0].channels, -1, -1))
        sizes.append(tuple(x.shape[-2:]))
    assert [tuple(m.shape[-2:]) for m in maps] == sizes
    assert all(m.shape[:2] == (2, 8) for m in maps)


def test_a_hole_shows_its_neighbours_mixed_by_how_near_they_are():
    clip = torch.tensor([[9.0, 1.0, 9.0, 9.0, 9.0, 5.0, 9.0]])[..., None]
    known = torch.tensor([[False, True, False, False, False, True, False]])
    said = [[1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 5.0]]
    assert interpolate_known(clip, known)[..., 0].tolist() == said
    flipped = interpolate_known(clip.flip(1), known.flip(1)).flip(1)
    torch.testing.assert_close(flipped, interpolate_known(clip, known))


@pytest.mark.parametrize("known", ["x....", "....x", "x...x", ".x.x.", "xxxxx"])
def test_what_the_holes_hold_is_not_looked_at_and_known_frames_stay(known):
    mask = torch.tensor([[letter == "x" for letter in known]])
    one, two = torch.randn(2, 1, 5, 4, 8, 8)
    two = torch.where(mask[..., None, None, None], one, two)
    assert torch.equal(interpolate_known(one, mask), interpolate_known(two, mask))
    assert torch.equal(interpolate_known(one, mask)[mask], one[mask])


def test_clips_beside_each_other_spread_their_own():
    clips, known = torch.randn(2, 4, 1), torch.tensor([[True, False, False, True]] * 2)
    known[1] = torch.tensor([False, True, False, False])
    both = interpolate_known(clips, known)
    for k in range(2):
        torch.testing.assert_close(
            both[k], interpolate_known(clips[k : k + 1], known[k : k + 1])[0]
        )


@torch.no_grad()
def test_a_known_black_frame_is_not_an_open_one():
    pyramid, black = ConditionPyramid(4, 8, 2), torch.zeros(1, 4, 8, 8)
    known, hole = (pyramid(black, torch.full((1, 1, 8, 8), m)) for m in (1.0, 0.0))
    assert not torch.allclose(known[0], hole[0], atol=1e-3)


@torch.no_grad()
def test_fresh_entries_are_silent():
    assert not zero_conv(8, 32)(torch.randn(1, 8, 4, 4)).any()
    net, call = video(fresh=True, condition_width=8), given()
    said = (torch.randn(3, 4, 8, 8), torch.ones(3, 1, 8, 8))
    assert torch.equal(net(**call, condition=said), net(**call))


@pytest.mark.parametrize("size", [(8, 8), (10, 13), (1, 16), (16, 1)])
@torch.no_grad()
def test_a_known_frame_moves_the_others(size):
    net, call = video(condition_width=8), given(size=size)
    mask = torch.zeros(3, 1, *size)
    mask[0] = 1
    moved = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        moved.append(net(**call, condition=(torch.randn(3, 4, *size), mask)))
    apart = (moved[0] - moved[1]).abs().amax((1, 2, 3))
    assert (apart > 1e-4).all()


def test_conv_in_keeps_its_shape():
    assert video(condition_width=8).image.conv_in.weight.shape[1] == 4
