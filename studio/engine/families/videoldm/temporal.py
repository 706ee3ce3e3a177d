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
    public weights want it; `norm_groups` channels' groups, 32 in
    public weights, fewer where a network is narrow.  `positions`: "rotary" turns queries and keys by their frame's position
    and adds a learned value for each distance (Su et al. 2021, Shaw et al. 2018), so that only
    differences of positions can matter (the paper asks for relative encodings without giving a
    formula); "absolute" adds an embedded sinusoid, as public weights want it.
    `shared_noise`: how much of the starting noise's variance all frames have in common, 0..1;
    grounds then hold still from the first step on (the mixed noise of Ge et al. 2023, PYoCo).
    `guidance_ends`: timesteps below this share of the schedule are walked without guidance, which
    would magnify what the frames do not agree on (the interval of Kynkäänniemi et al. 2024).
    `shut_below`, `open_from`: shares of the schedule between which the mixes open, from nothing to
    what they learned; 0 and 0 leave them open.  Motion is settled in strong noise; outlines, in
    weak noise, are better left to the image network, which learned from far more pictures.
    `condition_width`: channels of the pyramid for known frames, 0 for none.  `fps`, `passes`:
    whether rate and interpolation pass are embedded.  `words`: whether the convolutions are told the
    text too, by an embedding of their own; the image network's, where it has one, need not tell
    left from right.  `motion_prior`: channels of the features that tell every place of every frame
    what the words alone say of it (motion_prior.py), 0 for none.  `drift`: whether holes are also
    shown a guess, the given frames beside them moved along (motion_compensation.py); needs `condition_width`.
    `attends`: whether transformers over time stand behind the spatial ones; upsamplers, whose small
    pictures tell all that is far away, do without.
    """

    reach: int = 8
    norm: str = "frame"
    norm_groups: int = 32
    positions: str = "rotary"
    shared_noise: float = 0.0
    guidance_ends: float = 0.0
    shut_below: float = 0.0
    open_from: float = 0.0
    condition_width: int = 0
    fps: bool = False
    passes: bool = False
    words: bool = False
    motion_prior: int = 0
    drift: bool = False
    attends: bool = True

    def opening(self, noise: Tensor) -> Tensor | None:
        """How far the mixes are open, 0..1, at noise levels 0..1 (timestep over their number).

        None where they always are.
        """
        if not self.open_from:
            return None
        return ((noise - self.shut_below) / (self.open_from - self.shut_below)).clamp(0, 1)


class Mix(nn.Module):
    """space + w·(time − space), w = sigmoid(`time_logit`): w weighs the *temporal* side.

    Starts half open.  SVD stores the opposite sign (its alpha weighs space).
    """

    def __init__(self) -> None:
        super().__init__()
        self.time_logit = nn.Parameter(torch.zeros(1))

    def forward(self, space: Tensor, time: Tensor, opening: Tensor | None = None) -> Tensor:
        """Any two tensors (N, ...) of one shape; `opening` (N,) in 0..1 weakens w, one by one."""
        w = torch.sigmoid(self.time_logit)
        if opening is not None:
            w = w * opening.reshape(-1, *(1,) * (space.ndim - 1))
        return torch.lerp(space, time, w.to(space.dtype))


class TemporalConv(nn.Module):
    """Residual 3D convolution, kernel 3 in time and 1×1 in space; the identity when fresh.

    `embedding` is the width of what it is told of the timestep, None for nothing, as in decoders.
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
        self.mix = Mix()
        zeroed(self.conv2)

    def forward(
        self, x: Tensor, embedding: Tensor | None, frames: int, opening: Tensor | None = None
    ) -> Tensor:
        """x (B T) C H W, embedding (B T) E, opening (B T) → (B T) C H W, merged with its input."""
        h = F.silu(self._normed(self.norm1, x, frames))
        h = self.conv1(h, frames)
        if self.time_emb_proj is not None and embedding is not None:
            h = h + self.time_emb_proj(F.silu(embedding))[:, :, None, None]
        h = F.silu(self._normed(self.norm2, h, frames))
        return self.mix(x, x + self.conv2(h, frames), opening)

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
            zeroed(self.time_pos_embed.linear_2)
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
        self.mix = Mix()
        zeroed(self.ff_in.net[-1], self.ff.net[-1])
        zeroed(self.attn1.to_out[0], self.attn2.to_out[0])

    def forward(
        self, tokens: Tensor, positions: Tensor, time_text: Tensor, opening: Tensor | None = None
    ) -> Tensor:
        """tokens (B T) N C, positions (B, T) in frames, time_text (B, L, D), opening (B T) →
        (B T) N C, merged."""
        batch, frames = positions.shape
        h = self._placed(tokens, positions).unflatten(0, (batch, frames))
        h = h.transpose(1, 2).flatten(0, 1)  # (B N) T C
        h = h + self.ff_in(self.norm_in(h))
        h = h + self._over_time(self.norm1(h), positions)
        h = h.unflatten(0, (batch, -1)).flatten(1, 2)  # B (N T) C: one set of keys a clip
        h = h + self.attn2(self.norm2(h), encoder_hidden_states=time_text)
        h = h + self.ff(self.norm3(h))
        h = h.unflatten(1, (-1, frames)).transpose(1, 2).flatten(0, 1)
        return self.mix(tokens, h, opening)

    def _placed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        if self.time_pos_embed is None:
            return tokens
        spot = self.time_pos_embed(self.time_proj(positions.flatten()).to(tokens.dtype))
        return tokens + spot[:, None]

    def _over_time(self, h: Tensor, positions: Tensor) -> Tensor:
        """Self-attention of (B N) T C over T, by plain products: T is small, B N is large."""
        attn = self.attn1
        pixels = len(h) // len(positions)
        q, k, v = (
            layer(h).unflatten(-1, (attn.heads, -1)).transpose(1, 2)  # (B N) heads T d
            for layer in (attn.to_q, attn.to_k, attn.to_v)
        )
        if self.time_pos_embed is None:
            turn = positions.repeat_interleave(pixels, 0)
            q, k = rotated(q, turn), rotated(k, turn)
        scores = q @ k.transpose(-1, -2) * attn.scale
        apart = positions[:, None] - positions[:, :, None]  # B T T: of the frame seen from its own
        far = (apart.abs() > self.reach).repeat_interleave(pixels, 0)[:, None]
        shares = scores.masked_fill(far, float("-inf")).softmax(-1)
        seen = shares @ v
        if self.time_pos_embed is None:
            seen = seen + self._whence(shares, apart)
        return attn.to_out[0](seen.transpose(1, 2).flatten(2))

    def _whence(self, shares: Tensor, apart: Tensor) -> Tensor:
        """What a frame learns from how far away the frames are that it looks at.

        shares (B N) heads T T, apart (B, T, T) → (B N) heads T d.  Without it frames that look
        alike, as all do at the start, could not tell the first from the last.
        """
        near = (apart + self.reach).clamp(0, 2 * self.reach)
        values = self.offsets[near].to(shares.dtype).unflatten(-1, (shares.shape[1], -1))
        seen = torch.einsum("bnhij,bijhd->bnhid", shares.unflatten(0, (len(apart), -1)), values)
        return seen.flatten(0, 1)


LONGEST_WAVE = 100.0
"""Frames per radian of the slowest rotation; the fastest turns one radian a frame."""


def rotated(x: Tensor, positions: Tensor) -> Tensor:
    """Rotary encoding (Su et al. 2021): x (N, heads, T, d) turned by positions (N, T).

    Products of two turned vectors depend on the difference of their positions alone.
    """
    half = x.shape[-1] // 2
    waves = LONGEST_WAVE ** -(torch.arange(half, device=x.device) / half)
    angle = positions[:, None, :, None].float() * waves
    sin, cos = angle.sin().to(x.dtype), angle.cos().to(x.dtype)
    one, two = x[..., :half], x[..., half:]
    return torch.cat([one * cos - two * sin, one * sin + two * cos], -1)


def zeroed(*layers: nn.Module) -> None:
    """Set weights and biases of layers to zero."""
    for layer in layers:
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)
