"""Discriminator of clips, and its losses, for decoders that see time.

The patch-wise discriminator of Isola et al. 2017 with convolutions over time as well (Video LDM
section 3.1.1), the hinge loss, and the weight that VQGAN (Esser et al. 2021) adapts.
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

WIDTHS = (32, 64, 128)
MAX_ADAPTIVE_WEIGHT = 1e4
"""The adaptive weight goes no higher."""


class Discriminator(nn.Module):
    """Clips (B, 3, T, H, W) in -1..1 → scores of patches, high for what looks real.

    Without `over_time` it is a discriminator of single frames.
    """

    def __init__(self, *, over_time: bool = True) -> None:
        super().__init__()
        self.over_time = over_time
        depth = 3 if over_time else 1
        layers: list[nn.Module] = []
        for number, (before, width) in enumerate(zip((3, *WIDTHS), WIDTHS, strict=False)):
            layers.append(_conv(before, width, depth, stride=2))
            if number:
                layers.append(nn.GroupNorm(8, width))
            layers.append(nn.LeakyReLU(0.2))
        layers.append(_conv(WIDTHS[-1], 1, depth, stride=1))
        self.layers = nn.Sequential(*layers)

    def forward(self, clips: Tensor) -> Tensor:
        if not self.over_time:
            clips = clips.transpose(1, 2).flatten(0, 1)[:, :, None]  # norms, too, see one frame
        return self.layers(clips)


def _conv(before: int, after: int, depth: int, *, stride: int) -> nn.Conv3d:
    return nn.Conv3d(before, after, (depth, 4, 4), (1, stride, stride), (depth // 2, 1, 1))


def hinge(critic: nn.Module, real: Tensor, made: Tensor) -> Tensor:
    """Hinge loss of the discriminator: real clips above 1, generated ones, without a gradient, below -1."""
    return 0.5 * (F.relu(1 - critic(real)).mean() + F.relu(1 + critic(made.detach())).mean())


def generator_loss(critic: nn.Module, made: Tensor) -> Tensor:
    """The generator's loss: the negative mean score, without a gradient for the discriminator."""
    held = {name: value.detach() for name, value in critic.named_parameters()}
    return -functional_call(critic, held, (made,)).mean()


def adaptive_weight(error: Tensor, adversarial: Tensor, last: Tensor) -> Tensor:
    """VQGAN's adaptive weight: the adversarial gradient of the `last` weights as long as the error's."""
    by_error, by_critic = (
        torch.autograd.grad(loss, last, retain_graph=True)[0].norm()
        for loss in (error, adversarial)
    )
    return (by_error / (by_critic + 1e-6)).clamp(0, MAX_ADAPTIVE_WEIGHT).detach()
