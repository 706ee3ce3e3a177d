"""Checkpoints of trainings keep the tensor names of the first release."""

import torch

from studio.engine.families.videoldm.motion_compensation import MotionCompensation
from studio.engine.subjects import checkpoint
from studio.engine.subjects.loop import Plan
from studio.lab.training.trainer import fit


def trained(folder, steps):
    torch.manual_seed(0)
    net = MotionCompensation(12, 1, 8)
    plan = Plan("test", steps, rate=1e-2)
    return fit(net, lambda *_: net.direction.bias.sum(), plan, folder, keep_last=True)


def test_checkpoints_have_the_stored_names_and_are_read_back(tmp_path):
    trained(tmp_path, 2)
    step, tensors, _ = checkpoint.load(tmp_path)
    live = {name.split(".")[1] for name in tensors if name.startswith("live.")}
    assert live == {"said", "way", "look", "centre", "went", "enter", "words", "compose"}
    assert {k for k in tensors if k.startswith("average.")} == {
        k.replace("live.", "average.") for k in tensors if k.startswith("live.")
    }
    averages = trained(tmp_path, step)  # has nothing left to do: all is read
    assert torch.equal(averages["direction.bias"], tensors["average.way.bias"])
