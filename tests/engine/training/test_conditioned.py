"""The stage that teaches temporal layers to fill around given frames."""

import numpy as np
import pytest
import torch

from studio.engine.training import backbone, checkpoint, conditioned, temporal
from tests.engine.training.test_backbone import WIDTHS


def test_there_are_clips_of_every_kind(sets):
    frames = {kind: some.latents.shape[1] for kind, some in sets.items()}
    assert frames == {"keyframes": 8, "later": 8, "pass 1": 5, "pass 2": 5}
    assert set(frames) == set(conditioned.OFTEN)


def test_a_pass_moves_a_quarter_as_far(sets):
    """What a pass shows of a motion is as much finer as it has frames."""
    change = {
        kind: some.latents.float().diff(dim=1).abs().mean().item() for kind, some in sets.items()
    }
    assert change["pass 2"] < change["pass 1"]


@pytest.mark.parametrize("kind", ["keyframes", "later", "pass 1", "pass 2"])
def test_each_kind_is_given_what_it_is_filled_around(sets, kind):
    count = 3
    batch = temporal.Batch.of(
        sets[kind], np.arange(count), (None, None), torch.full((count,), 1), torch.ones(count)
    )
    made = conditioned.given(np.random.default_rng(1), kind, batch)
    if kind == "keyframes":
        assert made.known is None
        return
    assert made.known is not None
    assert made.known.any(1).all()
    assert made.rank == {"later": 0, "pass 1": 1, "pass 2": 2}[kind]


def test_training_goes_on_from_layers_and_moves_all_of_them(reader, sets, tmp_path):
    net = temporal.fresh(backbone.fresh(1, WIDTHS), 2)
    before = {name: p.clone() for name, p in net.temporal.named_parameters()}
    conditioned.train(net, *reader, sets, 3, 6, tmp_path)
    moved = {n for n, p in net.temporal.named_parameters() if not torch.equal(p, before[n])}
    assert {n.split(".")[0] for n in moved} >= {"pyramid", "entries", "blocks", "pass_embed"}
    assert not any(p.requires_grad for p in net.parameters())
    found = checkpoint.load(tmp_path)
    assert found is not None
    assert found[0] == 6
