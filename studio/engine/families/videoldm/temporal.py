"""Temporal layers: a convolution and a transformer over time, and the blend with the spatial side.

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
    public weights want it.  `norm_groups`: 32 in public weights, fewer where a network is narrow.
    `positions`: "rotary" rotates queries and keys by their frame's position and adds a learned
    value per relative position (Su et al. 2021, Shaw et al. 2018), so that only differences of
    positions can matter (the paper asks for relative encodings without giving a formula);
    "absolute" adds an embedded sinusoid, as public weights want it.
    `shared_noise`: share of the initial noise's variance that all frames have in common, 0..1
    (mixed noise, PYoCo, Ge et al. 2023); grounds then hold still from the first step on.
    `guidance_ends`: share of the schedule below which guidance is off (guidance interval,
    Kynkäänniemi et al. 2024); it would magnify what the frames do not agree on.
    `gate_start`, `gate_end`: shares of the schedule between which the temporal gate rises from 0 to
    1; 0 and 0 for no gate.  Motion is settled at high noise; outlines, settled at low noise, are
    better left to the image network, which learned from far more pictures.
    `condition_width`: channels of the pyramid of known frames, 0 for none.  `fps`, `passes`:
    whether frame rate and interpolation pass are embedded.  `words`: whether the convolutions get a
    text embedding of their own; the image network's, where it has one, need not tell left from
    right.  `motion_prior`: channels of the features of text, frame and place (motion_prior.py), 0
    for none.  `motion_compensation`: whether holes also get an estimate by motion compensation
    (motion_compensation.py); needs `condition_width`.  `attends`: whether temporal transformers
    follow the spatial ones; upsamplers, whose small input shows all that is far away, do without.
    """

    reach: int = 8
    norm: str = "frame"
    norm_groups: int = 32
    positions: str = "rotary"
    shared_noise: float = 0.0
    guidance_ends: float = 0.0
    gate_start: float = 0.0
    gate_end: float = 0.0
    condition_width: int = 0
    fps: bool = False
    passes: bool = False
    words: bool = False
    motion_prior: int = 0
    motion_compensation: bool = False
    attends: bool = True

    def temporal_gate(self, noise: Tensor) -> Tensor | None:
        """Weight of the temporal branch, 0..1, at noise levels 0..1 (timestep over their number).

        None where it is always 1.
        """
        if not self.gate_end:
            return None
        return ((noise - self.gate_start) / (self.gate_end - self.gate_start)).clamp(0, 1)


class TemporalBlender(nn.Module):
    """space + α·(time − space), α = sigmoid(`mix_factor`): α weighs the *temporal* side.

    Starts at α = 0.5.  diffusers' `AlphaBlender` weighs space instead, as SVD stores it, knows
    no gate per frame, and rounds differently: it adds two products.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mix_factor = nn.Parameter(torch.zeros(1))

    def forward(self, space: Tensor, time: Tensor, gate: Tensor | None = None) -> Tensor:
        """Any two tensors (N, ...) of one shape; `gate` (N,) in 0..1 scales α, one by one."""
        w = torch.sigmoid(self.mix_factor)
        if gate is not None:
            w = w * gate.reshape(-1, *(1,) * (space.ndim - 1))
        return torch.lerp(space, time, w.to(space.dtype))


class TemporalConv(nn.Module):
    """Residual 3D convolution, kernel 3 in time and 1×1 in space; the identity when fresh.

    `embedding` is the width of the timestep embedding, None for none, as in decoders.
    """

    def __init__(
        self,
        channels: int,
        embedding: int | None,
        *,
        norm: str,
        groups: int = 32,
        eps: float = 1e-6,
    ) -> None:
        super().__init__()
        self.norm = norm
        self.norm1 = nn.GroupNorm(groups, channels, eps=eps)
        self.conv1 = FrameConv(channels)
        self.time_emb_proj = nn.Linear(embedding, channels) if embedding else None
        self.norm2 = nn.GroupNorm(groups, channels, eps=eps)
        self.conv2 = FrameConv(channels)
        self.mix = TemporalBlender()
        zero_init(self.conv2)

    def forward(
        self, x: Tensor, embedding: Tensor | None, frames: int, gate: Tensor | None = None
    ) -> Tensor:
        """x (B T) C H W, embedding (B T) E, gate (B T) → (B T) C H W, blended with its input."""
        h = F.silu(self._normed(self.norm1, x, frames))
        h = self.conv1(h, frames)
        if self.time_emb_proj is not None and embedding is not None:
            h = h + self.time_emb_proj(F.silu(embedding))[:, :, None, None]
        h = F.silu(self._normed(self.norm2, h, frames))
        return self.mix(x, x + self.conv2(h, frames), gate)

    def _normed(self, norm: nn.GroupNorm, x: Tensor, frames: int) -> Tensor:
        if self.norm == "frame":
            return norm(x)
        clip = x.unflatten(0, (-1, frames)).transpose(1, 2)  # B C T H W
        return norm(clip).transpose(1, 2).flatten(0, 1)


class FrameConv(nn.Conv3d):
    """A (3, 1, 1) convolution, computed as a 2D one over (time, pixels): fast on every backend.

    A module of its own, so that whoever moves weights around a layer's call finds one to watch.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, (3, 1, 1), padding=(1, 0, 0))

    def forward(self, x: Tensor, frames: int) -> Tensor:  # type: ignore[override]
        """x (B T) C H W → (B T) C H W."""
        height, width = x.shape[-2:]
        plane = x.unflatten(0, (-1, frames)).transpose(1, 2).flatten(3)  # B C T (H W)
        plane = F.conv2d(plane, self.weight.squeeze(-1), self.bias, padding=(1, 0))
        return plane.transpose(1, 2).flatten(0, 1).unflatten(2, (height, width))


class TemporalTransformer(nn.Module):
    """Frame positions, feed-forward, self-attention over time, cross-attention to the text.

    Every residual's last layer starts at zero, and so does the position embedding's: the block is
    the identity when fresh, and everything has a gradient after the second step.
    """

    def __init__(
        self, channels: int, heads: int, text_width: int, *, reach: int, positions: str
    ) -> None:
        super().__init__()
        self.reach = reach
        self.time_pos_embed = None
        if positions == "absolute":
            self.time_proj = Timesteps(channels, True, 0)
            self.time_pos_embed = TimestepEmbedding(channels, 4 * channels, out_dim=channels)
            zero_init(self.time_pos_embed.linear_2)
        self.norm_in = nn.LayerNorm(channels)
        self.ff_in = FeedForward(channels, activation_fn="geglu")
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = Attention(channels, heads=heads, dim_head=channels // heads)
        if positions == "rotary":
            self.offsets = nn.Parameter(0.2 * torch.randn(2 * reach + 1, channels))
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = Attention(channels, text_width, heads=heads, dim_head=channels // heads)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels, activation_fn="geglu")
        self.mix = TemporalBlender()
        zero_init(self.ff_in.net[-1], self.ff.net[-1])
        zero_init(_projection(self.attn1), _projection(self.attn2))

    def forward(
        self, tokens: Tensor, positions: Tensor, time_text: Tensor, gate: Tensor | None = None
    ) -> Tensor:
        """tokens (B T) N C, positions (B, T) in frames, time_text (B, L, D), gate (B T) →
        (B T) N C, blended."""
        batch, frames = positions.shape
        h = self._add_position(tokens, positions).unflatten(0, (batch, frames))
        h = h.transpose(1, 2).flatten(0, 1)  # (B N) T C
        h = h + self.ff_in(self.norm_in(h))
        h = h + self._temporal_attention(self.norm1(h), positions)
        h = h.unflatten(0, (batch, -1)).flatten(1, 2)  # B (N T) C: one set of keys a clip
        h = h + self.attn2(self.norm2(h), encoder_hidden_states=time_text)
        h = h + self.ff(self.norm3(h))
        h = h.unflatten(1, (-1, frames)).transpose(1, 2).flatten(0, 1)
        return self.mix(tokens, h, gate)

    def _add_position(self, tokens: Tensor, positions: Tensor) -> Tensor:
        if self.time_pos_embed is None:
            return tokens
        spot = self.time_pos_embed(self.time_proj(positions.flatten()).to(tokens.dtype))
        return tokens + spot[:, None]

    def _temporal_attention(self, h: Tensor, positions: Tensor) -> Tensor:
        """Self-attention of (B N) T C over T, by plain products: T is small, B N is large."""
        attn = self.attn1
        pixels = len(h) // len(positions)
        assert attn.to_k is not None  # as for attention without keys of its own
        assert attn.to_v is not None
        q, k, v = (
            layer(h).unflatten(-1, (attn.heads, -1)).transpose(1, 2)  # (B N) heads T d
            for layer in (attn.to_q, attn.to_k, attn.to_v)
        )
        if self.time_pos_embed is None:
            each = positions.repeat_interleave(pixels, 0)
            q, k = apply_rotary(q, each), apply_rotary(k, each)
        scores = q @ k.transpose(-1, -2) * attn.scale
        apart = positions[:, None] - positions[:, :, None]  # B T T: of the key from the query
        far = (apart.abs() > self.reach).repeat_interleave(pixels, 0)[:, None]
        weights = scores.masked_fill(far, float("-inf")).softmax(-1)
        out = weights @ v
        if self.time_pos_embed is None:
            out = out + self._relative_values(weights, apart)
        return _projection(attn)(out.transpose(1, 2).flatten(2))

    def _relative_values(self, weights: Tensor, apart: Tensor) -> Tensor:
        """Relative position representations on the value side (Shaw et al. 2018).

        weights (B N) heads T T, apart (B, T, T) → (B N) heads T d.  Without them frames that look
        alike, as all do at the start, could not tell the first from the last.
        """
        index = (apart + self.reach).clamp(0, 2 * self.reach)
        values = self.offsets[index].to(weights.dtype).unflatten(-1, (weights.shape[1], -1))
        out = torch.einsum("bnhij,bijhd->bnhid", weights.unflatten(0, (len(apart), -1)), values)
        return out.flatten(0, 1)


def _projection(attention: Attention) -> nn.Module:
    """The output projection, which an attention may also be built without."""
    assert attention.to_out is not None
    return attention.to_out[0]


LONGEST_WAVE = 100.0
"""Frames per radian of the slowest rotation; the fastest turns one radian a frame."""


def apply_rotary(x: Tensor, positions: Tensor) -> Tensor:
    """Rotary position embedding (Su et al. 2021): x (N, heads, T, d) rotated by positions (N, T).

    Products of two rotated vectors depend on the difference of their positions alone.  diffusers'
    `apply_rotary_emb` takes one table of angles for a whole batch; here each clip has its own.
    """
    half = x.shape[-1] // 2
    waves = LONGEST_WAVE ** -(torch.arange(half, device=x.device) / half)
    angle = positions[:, None, :, None].float() * waves
    sin, cos = angle.sin().to(x.dtype), angle.cos().to(x.dtype)
    one, two = x[..., :half], x[..., half:]
    return torch.cat([one * cos - two * sin, one * sin + two * cos], -1)


def zero_init(*layers: nn.Module) -> None:
    """Set weights and biases of layers to zero (diffusers' `zero_module`, of several at once)."""
    for layer in layers:
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)
