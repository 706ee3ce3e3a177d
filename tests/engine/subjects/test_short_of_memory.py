"""A training for which memory is short: every step of its ladder, from the step where it stood."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from studio.engine.memory.host_optimizer import HostAdamW
from studio.engine.subjects import learning
from studio.spec.plan.steps import LEARNING
from studio.spec.refusal import Refusal
from tests.engine.subjects.training import SPEC, plainly_train
from tests.engine.tiny_backbone import photos, tiny
from tests.short_of_memory import Short

STEPS = 5
FEW = replace(SPEC, crops=0, mirror=False)
"""Of whose photos there is one view each."""


def psnr(made, expected):
    wide = float(expected.max() - expected.min()) or 1.0
    error = float((made.float() - expected.float()).square().mean())
    return 99.0 if not error else 10 * np.log10(wide**2 / error)


@pytest.mark.parametrize("method", ["lora", "dreambooth"])
def test_every_step_learns_the_same_and_goes_on_where_it_stood(tmp_path, monkeypatch, method):
    """Memory is short once in each way but the lightest; no step of the training is done twice."""
    monkeypatch.setattr(learning, "learning", lambda **_: LEARNING)
    spec, notes, short = replace(FEW, method=method, steps=STEPS), [], list(range(len(LEARNING)))
    whole = plainly_train(tiny(), photos(), spec, tmp_path / "whole")

    def tick(progress):
        notes.append(progress.note)
        if progress.loss is not None and short and progress.step == STEPS - len(short):
            short.pop()
            raise torch.OutOfMemoryError("CUDA out of memory")

    made = plainly_train(tiny(), photos(), spec, tmp_path / "short", tick)
    said = [note for note in notes if note.startswith("Memory is short")]
    assert [any(step in note for note in said) for step in LEARNING] == [True] * len(LEARNING)
    assert len(made.losses) == STEPS
    assert np.allclose(made.losses, whole.losses, rtol=1e-3)
    one, other = load_file(made.file), load_file(whole.file)
    assert one.keys() == other.keys()
    assert min(psnr(one[name], other[name]) for name in one) >= 35


def test_checkpointing_takes_less_and_learns_the_same(tmp_path):
    spec, peaks = replace(FEW, steps=1, prior_pictures=1), []
    for taken in (0, 1):
        backbone = tiny()

        def tick(progress):
            """What learning takes is counted, and not what encoding and samples do."""
            if progress.stage == "prior pictures" and progress.step == progress.total:
                counted.peak = 0

        with Short(2**40) as counted:
            plainly_train(backbone, photos(), spec, tmp_path / str(taken), tick, steps_taken=taken)
        peaks.append(counted.peak)
    made = [load_file(next((tmp_path / str(k)).glob("*.safetensors"))) for k in (0, 1)]
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])
    assert peaks[1] < peaks[0]


def test_where_nothing_is_light_enough_it_is_refused_and_the_backbone_is_as_it_was(tmp_path):
    backbone = tiny()
    before = {name: tensor.clone() for name, tensor in backbone.unet.state_dict().items()}

    def tick(progress):
        if progress.loss is not None:
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(Refusal, match="not enough memory"):
        plainly_train(backbone, photos(), replace(FEW, steps=9), tmp_path, tick)
    after = backbone.unet.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_the_optimiser_on_the_processor_is_adamw_bit_for_bit():
    def trained(kind):
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Linear(8, 2))
        updates = kind(net.parameters(), lr=0.01, weight_decay=0.02)
        for step in range(5):
            if step == 3:  # stopped and gone on with
                state = updates.state_dict()
                updates = kind(net.parameters(), lr=0.01, weight_decay=0.02)
                updates.load_state_dict(state)
            updates.zero_grad(set_to_none=True)
            net(torch.ones(4, 8) * step).square().sum().backward()
            updates.step()
        return [p.detach() for p in net.parameters()]

    mine, theirs = trained(HostAdamW), trained(torch.optim.AdamW)
    assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))
