"""Critics: who learns from which loss, and how loud a critic is."""

import pytest
import torch
from torch import nn

from studio.lab.training.adversary import (
    MAX_ADAPTIVE_WEIGHT,
    Discriminator,
    adaptive_weight,
    generator_loss,
    hinge,
)


@pytest.fixture
def critic():
    torch.manual_seed(1)
    return Discriminator()


def clips(frames: int = 4) -> torch.Tensor:
    return torch.rand(1, 3, frames, 16, 16, generator=torch.Generator().manual_seed(2)) * 2 - 1


def test_a_critic_of_clips_sees_neighbours_and_one_of_pictures_does_not(critic):
    torch.manual_seed(1)
    still = Discriminator(over_time=False)
    one, other = clips(), clips()
    other[:, :, 0] = 0
    assert (critic(one) != critic(other)).any(-1).any(-1).all()
    changed = (still(one) != still(other)).flatten(1).any(1)
    assert changed.tolist() == [True, False, False, False]


def test_each_learns_from_its_own_loss_alone(critic):
    made = clips().requires_grad_()
    hinge(critic, clips(), made).backward()
    assert made.grad is None
    assert all(p.grad is not None for p in critic.parameters())
    critic.zero_grad()
    generator_loss(critic, made).backward()
    assert made.grad.any()
    assert all(p.grad is None for p in critic.parameters())


def test_scores_beyond_the_margin_teach_nothing():
    class Sure(nn.Module):
        def forward(self, x):
            return x.mean((1, 2, 3, 4)) * 10

    bright, dark = torch.ones(2, 3, 1, 4, 4), -torch.ones(2, 3, 1, 4, 4)
    assert hinge(Sure(), bright, dark) == 0
    assert hinge(Sure(), dark, bright) == 11


def test_a_critic_is_as_loud_as_the_error():
    last = torch.tensor([1.0, 2.0], requires_grad=True)
    error, word = (3 * last).sum(), (last * torch.tensor([6.0, 8.0])).sum()
    weight = adaptive_weight(error, word, last)
    assert weight.item() == pytest.approx(3 * 2**0.5 / 10)
    assert not weight.requires_grad
    assert adaptive_weight(1e9 * error, word, last) == MAX_ADAPTIVE_WEIGHT
