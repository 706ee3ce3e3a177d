"""How known frames enter: a small pyramid over (masked latents, mask), owned by the temporal side.

Video LDM section 3.2: c = (m·z, m) goes through a learned downsampling into the temporal layers.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.engine.temporal import zeroed


class ConditionPyramid(nn.Module):
    """Features of the known frames at every resolution of the UNet.

    `conv_in` keeps its shape for good; a public 9-channel file is read by splitting its first
    convolution into the image's four channels and these.
    """

    def __init__(self, latent_channels: int, width: int, levels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(latent_channels + 1, width, 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in range(levels - 1)
        )

    def forward(self, known: Tensor, mask: Tensor) -> list[Tensor]:
        """known (B T) C H W, mask (B T) 1 H W in 0..1 → one (B T) width map per level."""
        features = [F.silu(self.first(torch.cat([known * mask, mask], 1)))]
        for layer in self.down:
            features.append(F.silu(layer(features[-1])))
        return features


def entry(width: int, channels: int) -> nn.Conv2d:
    """A 1×1 convolution from pyramid to block, zero when fresh."""
    layer = nn.Conv2d(width, channels, 1)
    zeroed(layer)
    return layer
