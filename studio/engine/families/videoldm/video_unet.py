"""The video network: a 2D UNet, untouched, with temporal layers inserted between its blocks."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from studio.engine.families.videoldm.temporal_layers import TemporalLayers


class VideoUNet(nn.Module):
    """An image UNet with temporal layers.

    `image.state_dict()` has exactly the keys of the 2D UNet, so that every LoRA, loader and saver
    made for it works.  Without hooks or side channels: all that a layer needs is an argument.
    """

    def __init__(self, image: UNet2DConditionModel, temporal: TemporalLayers) -> None:
        super().__init__()
        self.image = image
        self.temporal = temporal
        self.checkpointing = False

    def forward(
        self,
        latents: Tensor,
        timestep: Tensor,
        text: Tensor,
        time_text: Tensor | None = None,
        *,
        frames: int,
        positions: Tensor | None = None,
        condition: tuple[Tensor, Tensor] | None = None,
        initial_estimate: Tensor | None = None,
        fps: Tensor | None = None,
        passes: Tensor | None = None,
        level: Tensor | None = None,
        temporal_gate: Tensor | None = None,
        image_only: bool = False,
    ) -> Tensor:
        """Predict the noise (or v) of every frame.

        latents (B T) C H W; timestep (B T) or a scalar; text and time_text (B, L, D), the latter
        for the temporal layers; positions (B, T) in frames, of which only differences matter;
        condition (known, mask) of (B T) C H W and (B T) 1 H W, and beside it the `initial_estimate`
        of the holes (`TemporalLayers.initial_estimate`); fps and passes (B,); level (B T), the noise
        level of an upsampler's input; temporal_gate (B T) in 0..1 (`TemporalConfig.temporal_gate`),
        on the CPU where nothing is trained: its values are read, and an accelerator would be waited
        for.  With `image_only` no temporal branch is computed and the result is the image UNet's,
        bit for bit.
        """
        batch = latents.shape[0] // frames
        run = _Forward(self, frames, batch, image_only)
        run.text = text.repeat_interleave(frames, 0)
        run.time_text = text if time_text is None else time_text
        run.one_text = run.time_text is text
        if positions is None:
            positions = torch.arange(frames, device=latents.device).expand(batch, -1)
        run.positions = positions
        run.gate = None if temporal_gate is None else temporal_gate.to(latents.device)
        # at most sampling steps the gate is 0; where the layers are trained it still has a gradient
        run.gate_is_zero = (
            temporal_gate is not None and not self._trains_temporal() and not temporal_gate.any()
        )
        labels = None if image_only else self.temporal.labels(fps, passes)
        run.embed(latents, timestep, labels, level)
        if condition is not None and self.temporal.pyramid is not None and not image_only:
            run.encode_known(*condition, initial_estimate)
        return run.forward(latents)

    def _trains_temporal(self) -> bool:
        return torch.is_grad_enabled() and any(
            p.requires_grad for p in self.temporal.blocks.parameters()
        )


class _Forward:
    """One forward pass of the UNet: what stays the same from block to block, and their order."""

    text: Tensor
    time_text: Tensor
    one_text: bool
    positions: Tensor
    embedding: Tensor
    time_embedding: Tensor
    gate: Tensor | None
    gate_is_zero: bool

    def __init__(self, net: VideoUNet, frames: int, batch: int, image_only: bool) -> None:
        self.net, self.image = net, net.image
        self.frames, self.batch, self.image_only = frames, batch, image_only
        self.features: list[Tensor] = []
        self.estimate_features: list[Tensor] = []
        self.priors: dict[tuple[int, int], Tensor] = {}  # by height and width

    def embed(
        self, latents: Tensor, timestep: Tensor, labels: Tensor | None, level: Tensor | None
    ) -> None:
        """The embeddings of every ResBlock: timestep, labels and, in some layouts, pooled text or the
        noise level of an upsampler's input."""
        waves = self.image.get_time_embed(sample=latents, timestep=timestep)
        noise_level = self.image.time_embedding(waves)
        if level is not None:
            noise_level = noise_level + self.image.get_class_embed(latents, level)
        if labels is not None:
            labels = labels.to(noise_level.dtype)
            noise_level = noise_level + labels.repeat_interleave(self.frames, 0)
        self.embedding = self._with_text(noise_level, self.text)
        self.time_embedding = self.embedding
        if not self.one_text:
            time_text = self.time_text.repeat_interleave(self.frames, 0)
            self.time_embedding = self._with_text(noise_level, time_text)
        if self.net.temporal.word_embed is not None and not self.image_only:
            text_emb = self.net.temporal.word_embed(self.time_text)
            self.time_embedding = self.time_embedding + text_emb.repeat_interleave(self.frames, 0)

    def encode_known(self, clip: Tensor, mask: Tensor, estimate: Tensor | None) -> None:
        """Pyramid features of the known frames, interpolated over the holes, and of the estimate."""
        pyramid = self.net.temporal.pyramid
        assert pyramid is not None
        self.features = pyramid(clip, mask)
        if estimate is not None:
            self.estimate_features = pyramid(estimate, mask)

    def _with_text(self, embedding: Tensor, text: Tensor) -> Tensor:
        aug_emb = self.image.get_aug_embed(embedding, text, {})
        return embedding if aug_emb is None else embedding + aug_emb

    def forward(self, x: Tensor) -> Tensor:
        image: Any = self.image
        x = self._add_condition("conv_in", image.conv_in(x))
        skips = [x]
        for index, block in enumerate(image.down_blocks):
            skips += self._down(f"down_blocks:{index}", block, skips[-1])
        x = skips[-1]
        x = self._middle(image.mid_block, x)
        for index, block in enumerate(image.up_blocks):
            x = self._up(f"up_blocks:{index}", block, x, skips)
        return image.conv_out(image.conv_act(image.conv_norm_out(x)))

    def _down(self, name: str, block: Any, x: Tensor) -> Iterator[Tensor]:
        for index in range(len(block.resnets)):
            x = self._layer(name, block, index, x)
            yield x
        for downsampler in block.downsamplers or ():
            x = downsampler(x)
            yield x

    def _middle(self, block: Any, x: Tensor) -> Tensor:
        if block is None:
            return x
        x = self._resnet("mid_block:resnets:0", block.resnets[0], x)
        for index, resnet in enumerate(list(block.resnets)[1:]):
            if block.attentions[index] is not None:
                x = self._attention(f"mid_block:attentions:{index}", block.attentions[index], x)
            x = self._resnet(f"mid_block:resnets:{index + 1}", resnet, x)
        return x

    def _up(self, name: str, block: Any, x: Tensor, skips: list[Tensor]) -> Tensor:
        for index in range(len(block.resnets)):
            x = self._layer(name, block, index, torch.cat([x, skips.pop()], 1))
        for upsampler in block.upsamplers or ():
            # latents need not be a multiple of the whole reduction: meet the skip's size
            x = upsampler(x, skips[-1].shape[2:])
        return x

    def _layer(self, name: str, block: Any, index: int, x: Tensor) -> Tensor:
        x = self._resnet(f"{name}:resnets:{index}", block.resnets[index], x)
        attentions = getattr(block, "attentions", None)
        if attentions:
            x = self._attention(f"{name}:attentions:{index}", attentions[index], x)
        return x

    def _resnet(self, name: str, resnet: Any, x: Tensor) -> Tensor:
        prior = self._motion_prior(name, x)  # outside the checkpoint: blocks share the prior

        def both(x: Tensor) -> Tensor:
            space = resnet(x, self.embedding)
            if self.image_only:
                return space
            space = self._add_condition(name, space)
            space = space if prior is None else space + prior
            if self.gate_is_zero:
                return space
            layer = self.net.temporal.blocks[name]
            return layer(space, self._per_frame(), self.frames, self.gate)

        return self._maybe_checkpointed(both, x)

    def _attention(self, name: str, attention: Any, x: Tensor) -> Tensor:
        return self._maybe_checkpointed(lambda x: self._transform(name, attention, x), x)

    def _transform(self, name: str, attention: Any, x: Tensor) -> Tensor:
        """Transformer2DModel's forward with the temporal layer before its `proj_out`."""
        h = attention.norm(x)
        height, width = x.shape[-2:]
        linear = attention.use_linear_projection
        h = tokens(h) if linear else tokens(attention.proj_in(h))
        h = attention.proj_in(h) if linear else h
        for block in attention.transformer_blocks:
            h = block(h, encoder_hidden_states=self.text)
        if not self.image_only:
            h = self._add_condition(name, h, (height, width))
        if not (self.image_only or self.gate_is_zero) and self.net.temporal.config.attends:
            h = self.net.temporal.blocks[name](h, self.positions, self.time_text, self.gate)
        h = attention.proj_out(h) if linear else h
        h = picture(h, height, width)
        return (h if linear else attention.proj_out(h)) + x

    def _add_condition(self, name: str, x: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """x plus the zero convolutions of the known frames' features; x where none are known."""
        for maps, zero_convs in (
            (self.features, self.net.temporal.zero_convs),
            (self.estimate_features, self.net.temporal.estimate_zero_convs),
        ):
            if maps:
                level = next(f for f in maps if f.shape[-2:] == (size or x.shape[-2:]))
                residual = zero_convs[name](level)
                x = x + (tokens(residual) if size else residual)
        return x

    def _motion_prior(self, name: str, x: Tensor) -> Tensor | None:
        """The motion prior's residual for a ResBlock of x's size.

        None where frames are known: it holds for clips that start here.
        """
        prior = self.net.temporal.motion_prior
        if prior is None or self.image_only or self.features:
            return None
        size = (x.shape[-2], x.shape[-1])
        if size not in self.priors:
            self.priors[size] = prior(self._per_frame(), self.positions, size)
        return self.net.temporal.prior_zero_convs[name](self.priors[size])

    def _per_frame(self) -> Tensor:
        return self.time_embedding.expand(self.batch * self.frames, -1)

    def _maybe_checkpointed(self, layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        if self.net.checkpointing and torch.is_grad_enabled():
            return checkpoint(layer, x, use_reentrant=False)
        return layer(x)


def tokens(x: Tensor) -> Tensor:
    """(N, C, H, W) → (N, H W, C)."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def picture(h: Tensor, height: int, width: int) -> Tensor:
    """(N, H W, C) → (N, C, H, W)."""
    return h.unflatten(1, (height, width)).permute(0, 3, 1, 2).contiguous()
