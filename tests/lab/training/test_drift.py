"""The stage that teaches the guess of holes, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.lab.training import backbone, conditioned, drift, temporal
from tests.lab.training.test_backbone import WIDTHS


@pytest.fixture
def net():
    return temporal.fresh(backbone.fresh(1, WIDTHS), 2)


def batch(sets, kind: str = "later") -> temporal.Batch:
    texts = (torch.randn(3, 5, 128, generator=torch.Generator().manual_seed(1)),) * 2
    return temporal.Batch.of(sets[kind], np.arange(3), texts, torch.ones(3), torch.ones(3))


def test_only_the_guess_learns_and_ends_frozen(reader, sets, net, tmp_path):
    before = {name: p.clone() for name, p in net.temporal.named_parameters()}
    drift.train(net, *reader, sets, 3, 6, tmp_path)
    moved = {n for n, p in net.temporal.named_parameters() if not torch.equal(p, before[n])}
    assert {name.split(".")[0] for name in moved} == {"drift"}
    assert not any(p.requires_grad for p in net.temporal.drift.parameters())


def test_errors_in_given_frames_and_near_nothing_cost_less(sets, net):
    """A given frame is shown as it is, so that its error is none; the object's cells weigh more."""
    rng = np.random.default_rng(1)
    known = torch.ones(3, 8, dtype=torch.bool)
    known[:, 4] = False
    given = replace(batch(sets), known=known, level=torch.zeros(3))
    light = replace(given, near=torch.zeros_like(given.near))
    assert 0 < drift.error(net, light, rng) < drift.error(net, given, rng)
    still = replace(given, x0=given.x0[:, :1].expand(-1, 8, -1, -1, -1))
    with torch.no_grad():
        # what stands still is guessed from the start
        assert drift.error(net, still, rng) < 1e-8


def test_without_given_frames_there_is_nothing_to_guess(sets, net):
    with pytest.raises(ValueError, match="nothing is given"):
        drift.error(net, batch(sets), np.random.default_rng(1))


def test_every_kind_it_learns_from_has_given_frames(sets, net):
    for kind in drift.OFTEN:
        made = conditioned.given(np.random.default_rng(2), kind, batch(sets, kind))
        assert drift.error(net, made, np.random.default_rng(3)).isfinite()
