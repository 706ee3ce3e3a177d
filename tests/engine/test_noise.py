"""Noise belongs to a frame, not to the order of work."""

import hashlib

import numpy as np
import pytest
import torch

from studio.engine.noise import clip_noise, noise

SHAPE = (4, 16, 16)


def test_known_value():
    """A digest written down: other releases, systems and processors draw the same."""
    drawn = noise(7, "keyframes", 3, SHAPE)
    digest = hashlib.blake2b(drawn.numpy().astype("<f4").tobytes(), digest_size=16).hexdigest()
    assert drawn.dtype == torch.float32
    assert digest == "bfd86931806e1e4e0642ffff66df8d71"


def test_every_part_of_the_key_counts():
    drawn = [
        noise(7, "keyframes", 3, SHAPE),
        noise(8, "keyframes", 3, SHAPE),
        noise(7, "interpolate", 3, SHAPE),
        noise(7, "keyframes", 4, SHAPE),
        noise(7, "keyframes", 3, SHAPE, step=1),
        noise(7, "keyframes", 3, SHAPE, purpose="augment"),
    ]
    alike = np.corrcoef([d.flatten().numpy() for d in drawn]) - np.eye(len(drawn))
    assert np.abs(alike).max() < 0.15  # 1024 numbers: five standard deviations


def test_neighbouring_seeds_share_no_frame():
    """Frame f of seed s is not frame f ± k of seed s + 1, as with a counter added to the seed."""
    one, two = (clip_noise(s, "keyframes", tuple(range(24)), (64,)) for s in (41, 42))
    assert (torch.cdist(one, two) > 1).all()
    assert len({tuple(row) for row in torch.cat([one, two]).tolist()}) == 48


@pytest.mark.parametrize("shared", [0.3, 0.7])
def test_frames_share_as_much_as_asked_and_stay_normal(shared):
    frames = clip_noise(5, "keyframes", tuple(range(8)), (16, 32, 32), shared=shared)
    alike = torch.corrcoef(frames.flatten(1)).double()
    off = alike[~torch.eye(8, dtype=torch.bool)]
    assert (off - shared).abs().max() < 0.05
    assert abs(frames.double().var() - 1) < 0.05
    alone = clip_noise(5, "keyframes", (6, 2), (16, 32, 32), shared=shared)
    assert torch.equal(alone, frames[[6, 2]])


def test_order_and_company_do_not_matter():
    whole = clip_noise(5, "keyframes", tuple(range(8)), SHAPE)
    torch.manual_seed(0)
    np.random.default_rng(0).random(100)
    assert torch.equal(clip_noise(5, "keyframes", (6, 2), SHAPE), whole[[6, 2]])
    assert torch.equal(noise(5, "keyframes", 7, SHAPE), whole[7])


def test_global_generators_are_left_alone():
    before = torch.get_rng_state()
    noise(5, "keyframes", 0, SHAPE)
    assert torch.equal(torch.get_rng_state(), before)


def test_standard_normal():
    drawn = clip_noise(11, "keyframes", tuple(range(64)), SHAPE).double()
    count = drawn.numel()
    assert abs(drawn.mean()) < 5 / count**0.5
    assert abs(drawn.var() - 1) < 5 * (2 / count) ** 0.5
    assert abs((drawn**4).mean() - 3) < 5 * (96 / count) ** 0.5
    assert drawn.abs().max() > 4


def test_integers_of_any_library_are_the_same_seed():
    plain = noise(7, "keyframes", 3, SHAPE)
    assert torch.equal(noise(np.int64(7), "keyframes", np.int32(3), SHAPE), plain)


def test_large_seeds():
    assert not torch.equal(noise(2**63 - 1, "a", 0, SHAPE), noise(2**63 - 2, "a", 0, SHAPE))
