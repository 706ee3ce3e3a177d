"""Conditioning on known frames: a small pyramid over (latents, mask), owned by the temporal side.

Video LDM section 3.2: c = (m·z, m) goes through a learned downsampling into the temporal layers.
Here holes hold their known neighbours interpolated instead of zeros, as every frame of SVD's
image-to-video holds the known one: what stands still is then present at full resolution, which no
temporal layer reaches, and only what moves is left to find.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.engine.families.videoldm.temporal import zero_init


class ConditionPyramid(nn.Module):
    """Features of the known frames at every resolution of the UNet.

    The image network's `conv_in` keeps its shape; a public 9-channel file is read by splitting its
    first convolution into the image's four channels and these.
    """

    def __init__(self, latent_channels: int, width: int, levels: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(latent_channels + 1, width, 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in range(levels - 1)
        )

    def forward(self, known: Tensor, mask: Tensor) -> list[Tensor]:
        """known (B T) C H W, interpolated over the holes (`interpolate_known`), and mask (B T) 1 H W,
        0 in holes, else up to 1 → one (B T) width map per level."""
        features = [F.silu(self.conv_in(torch.cat([known, mask], 1)))]
        for layer in self.down:
            features.append(F.silu(layer(features[-1])))
        return features


def interpolate_known(clip: Tensor, known: Tensor) -> Tensor:
    """clip (B, T, ...) with its holes interpolated linearly in time between known frames.

    Beyond the first and the last known frame these are repeated.  known (B, T), one True at least.
    """
    frames = known.shape[1]
    at = torch.arange(frames, device=known.device).expand_as(known)
    before = torch.where(known, at, -1).cummax(1).values
    after = torch.where(known, at, frames).flip(1).cummin(1).values.flip(1)
    before, after = before.where(before >= 0, after), after.where(after < frames, before)
    share = (at - before) / (after - before).clamp(min=1)
    rows = torch.arange(len(clip), device=clip.device)[:, None]
    share = share.reshape(*share.shape, *(1,) * (clip.ndim - 2)).to(clip.dtype)
    return torch.lerp(clip[rows, before], clip[rows, after], share)


def zero_conv(width: int, channels: int) -> nn.Conv2d:
    """A zero convolution (ControlNet, Zhang et al. 2023): 1×1, from pyramid to block, zero when
    fresh."""
    layer = nn.Conv2d(width, channels, 1)
    zero_init(layer)
    return layer
