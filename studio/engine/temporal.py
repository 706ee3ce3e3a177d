"""Temporal layers: a convolution and a transformer over time, and the mix that opens them.

Layout and names follow the open SVD code, which copies Video LDM's layers (Blattmann et al. 2023,
section 3.1 and figure 4), so that public files load by name; what differs is an option below.
"""

from dataclasses import dataclass

import torch
from diffusers.models.attention import FeedForward
from diffusers.models.attention_processor import Attention
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class TemporalConfig:
    """How temporal layers are built; saved beside their weights.

    `reach`: frames on either side that attention may see (paper appendix: 8).  `norm`: "frame"
    takes group statistics per frame, which keeps the reach finite; "clip" over the whole clip, as
    public weights want it.  `condition_width`: channels of the pyramid for known frames, 0 for
    none.  `fps`, `passes`: whether rate and interpolation pass are embedded.
    """

    reach: int = 8
    norm: str = "frame"
    condition_width: int = 0
    fps: bool = False
    passes: bool = False


class Mix(nn.Module):
    """space + w·(time − space), w = sigmoid(`time_logit`): w weighs the *temporal* side.

    Starts half open.  SVD stores the opposite sign (its alpha weighs space).
    """

    def __init__(self) -> None:
        super().__init__()
        self.time_logit = nn.Parameter(torch.zeros(1))

    def forward(self, space: Tensor, time: Tensor) -> Tensor:
        """Any two tensors of one shape."""
        return torch.lerp(space, time, torch.sigmoid(self.time_logit).to(space.dtype))


class TemporalConv(nn.Module):
    """Residual 3D convolution, kernel 3 in time and 1×1 in space; the identity when fresh."""

    def __init__(self, channels: int, embedding: int, *, norm: str, groups: int = 32) -> None:
        super().__init__()
        self.norm = norm
        self.norm1 = nn.GroupNorm(groups, channels, eps=1e-6)
        self.conv1 = nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0))
        self.time_emb_proj = nn.Linear(embedding, channels)
        self.norm2 = nn.GroupNorm(groups, channels, eps=1e-6)
        self.conv2 = nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0))
        self.mix = Mix()
        zeroed(self.conv2)

    def forward(self, x: Tensor, embedding: Tensor, frames: int) -> Tensor:
        """x (B T) C H W, embedding (B T) E → (B T) C H W, merged with its input."""
        h = F.silu(self._normed(self.norm1, x, frames))
        h = over_time(self.conv1, h, frames)
        h = h + self.time_emb_proj(F.silu(embedding))[:, :, None, None]
        h = F.silu(self._normed(self.norm2, h, frames))
        return self.mix(x, x + over_time(self.conv2, h, frames))

    def _normed(self, norm: nn.GroupNorm, x: Tensor, frames: int) -> Tensor:
        if self.norm == "frame":
            return norm(x)
        clip = x.unflatten(0, (-1, frames)).transpose(1, 2)  # B C T H W
        return norm(clip).transpose(1, 2).flatten(0, 1)


def over_time(conv: nn.Conv3d, x: Tensor, frames: int) -> Tensor:
    """A (3, 1, 1) convolution as a 2D one over (time, pixels), which every backend does fast.

    x (B T) C H W → (B T) C' H W.
    """
    height, width = x.shape[-2:]
    plane = x.unflatten(0, (-1, frames)).transpose(1, 2).flatten(3)  # B C T (H W)
    plane = F.conv2d(plane, conv.weight.squeeze(-1), conv.bias, padding=(1, 0))
    return plane.transpose(1, 2).flatten(0, 1).unflatten(2, (height, width))


class TemporalTransformer(nn.Module):
    """Frame positions, feed-forward, self-attention over time, cross-attention to the text.

    Every residual's last layer starts at zero, and so does the position embedding's: the block is
    the identity when fresh, and everything has a gradient after the second step.
    """

    def __init__(self, channels: int, heads: int, text_width: int, *, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.time_proj = Timesteps(channels, True, 0)
        self.time_pos_embed = TimestepEmbedding(channels, 4 * channels, out_dim=channels)
        self.norm_in = nn.LayerNorm(channels)
        self.ff_in = FeedForward(channels, activation_fn="geglu")
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = Attention(channels, heads=heads, dim_head=channels // heads)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = Attention(channels, text_width, heads=heads, dim_head=channels // heads)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels, activation_fn="geglu")
        self.mix = Mix()
        zeroed(self.time_pos_embed.linear_2)
        zeroed(self.ff_in.net[-1], self.ff.net[-1])
        zeroed(self.attn1.to_out[0], self.attn2.to_out[0])

    def forward(self, tokens: Tensor, positions: Tensor, time_text: Tensor) -> Tensor:
        """tokens (B T) N C, positions (B, T) in frames, time_text (B, L, D) → (B T) N C, merged."""
        batch, frames = positions.shape
        spot = self.time_pos_embed(self.time_proj(positions.flatten()).to(tokens.dtype))
        h = (tokens + spot[:, None]).unflatten(0, (batch, frames))
        h = h.transpose(1, 2).flatten(0, 1)  # (B N) T C
        h = h + self.ff_in(self.norm_in(h))
        h = h + self.attn1(self.norm1(h), attention_mask=self._bias(positions, h))
        h = h.unflatten(0, (batch, -1)).flatten(1, 2)  # B (N T) C: one set of keys a clip
        h = h + self.attn2(self.norm2(h), encoder_hidden_states=time_text)
        h = h + self.ff(self.norm3(h))
        h = h.unflatten(1, (-1, frames)).transpose(1, 2).flatten(0, 1)
        return self.mix(tokens, h)

    def _bias(self, positions: Tensor, h: Tensor) -> Tensor | None:
        """(B N, T, T), −∞ between frames farther apart than the reach; None if all are near."""
        if positions.shape[1] <= self.reach + 1:
            return None
        apart = (positions[:, :, None] - positions[:, None]).abs() > self.reach
        bias = torch.zeros(apart.shape, dtype=h.dtype, device=h.device)
        bias = bias.masked_fill(apart, float("-inf"))
        return bias.repeat_interleave(len(h) // len(positions), 0)


def zeroed(*layers: nn.Module) -> None:
    """Set weights and biases of layers to zero."""
    for layer in layers:
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)
