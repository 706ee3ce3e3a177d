"""The stage that teaches temporal layers to fill around given frames."""

import numpy as np
import pytest
import torch

from studio.engine.subjects import checkpoint
from studio.lab.training import backbone, conditioned, temporal
from tests.lab.training.test_backbone import WIDTHS


def test_there_are_clips_of_every_kind(sets):
    frames = {kind: some.latents.shape[1] for kind, some in sets.items()}
    assert frames == {"later": 8, "pass 1": 5, "pass 2": 5}
    assert set(frames) == set(conditioned.OFTEN)


def test_a_pass_moves_a_quarter_as_far(sets):
    """What a pass shows of a motion is as much finer as it has frames."""
    change = {
        kind: some.latents.float().diff(dim=1).abs().mean().item() for kind, some in sets.items()
    }
    assert change["pass 2"] < change["pass 1"]


@pytest.mark.parametrize("kind", ["later", "pass 1", "pass 2"])
def test_each_kind_is_given_what_it_is_filled_around(sets, kind):
    count = 3
    batch = temporal.Batch.of(
        sets[kind], np.arange(count), (None, None), torch.full((count,), 1), torch.ones(count)
    )
    made = conditioned.given(np.random.default_rng(1), kind, batch)
    assert made.known is not None
    assert made.known.any(1).all()
    assert made.rank == {"later": 0, "pass 1": 1, "pass 2": 2}[kind]


def test_what_makes_keyframes_stays_bit_for_bit(reader, sets, tmp_path):
    net = temporal.fresh(backbone.fresh(1, WIDTHS), 2)
    before, made = {n: p.clone() for n, p in net.named_parameters()}, keyframes(net)
    conditioned.train(net, *reader, sets, 3, 6, tmp_path)
    moved = {n for n, p in net.named_parameters() if not torch.equal(p, before[n])}
    assert {n.split(".")[1] for n in moved} == set(conditioned.LEARNED)
    assert torch.equal(keyframes(net), made)
    assert not any(p.requires_grad for p in net.parameters())
    found = checkpoint.load(tmp_path)
    assert found is not None
    assert found[0] == 6


@torch.no_grad()
def keyframes(net) -> torch.Tensor:
    """What the network says of noise where nothing is given, as keyframes are made."""
    generator = torch.Generator().manual_seed(1)
    x, text = (torch.randn(*s, generator=generator) for s in ((8, 4, 16, 16), (1, 5, 128)))
    return net(x, torch.tensor(900), text, frames=8, passes=torch.zeros(1))


@pytest.mark.parametrize("between", [False, True])
def test_a_batch_is_on_one_side_of_where_the_layers_shut(between):
    rng, shut = np.random.default_rng(1), 1000 * temporal.SHUT_BELOW
    drawn = [conditioned.timesteps(rng, 8, 1000, between=between) for _ in range(50)]
    assert all((t < shut).all() or (t >= shut).all() for t in drawn)
    highest = max(int(t.max()) for t in drawn)
    assert highest < 1000 * conditioned.BETWEEN if between else highest > 900
