"""The temporal layers of one image UNet: where they are inserted, and their file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.embeddings import TextTimeEmbedding, TimestepEmbedding, Timesteps
from torch import Tensor, nn

from studio.engine.diffusers_calls import config_of
from studio.engine.families.videoldm import layer_file
from studio.engine.families.videoldm.conditioning import ConditionPyramid, zero_conv
from studio.engine.families.videoldm.motion_compensation import MotionCompensation
from studio.engine.families.videoldm.motion_prior import MotionPrior
from studio.engine.families.videoldm.temporal import (
    TemporalConfig,
    TemporalConv,
    TemporalTransformer,
    zero_init,
)

FORMAT = "studio-temporal"


class TemporalLayers(nn.Module):
    """All temporal layers for one image UNet layout.

    `blocks` is keyed by the dotted name of the spatial module that each layer follows, with ":"
    for "." (a module's name may hold no dot).
    """

    def __init__(self, image: UNet2DConditionModel, config: TemporalConfig) -> None:
        super().__init__()
        self.config = config
        embedding = image.time_embedding.linear_2.out_features
        width, text_width = config.condition_width, config_of(image).cross_attention_dim
        self.blocks = nn.ModuleDict()
        self.zero_convs = nn.ModuleDict()
        self.prior_zero_convs = nn.ModuleDict()
        self.estimate_zero_convs = nn.ModuleDict()
        for name, channels, heads in insertion_points(image):
            if heads and not config.attends:
                continue
            layer = (
                TemporalTransformer(
                    channels, heads, text_width, reach=config.reach, positions=config.positions
                )
                if heads
                else TemporalConv(channels, embedding, norm=config.norm, groups=config.norm_groups)
            )
            self.blocks[name] = layer
            if width:
                self.zero_convs[name] = zero_conv(width, channels)
            if config.motion_compensation:
                self.estimate_zero_convs[name] = zero_conv(width, channels)
            if config.motion_prior and not heads:
                self.prior_zero_convs[name] = zero_conv(config.motion_prior, channels)
        levels = len(config_of(image).block_out_channels)
        self.pyramid = None
        if width:
            self.pyramid = ConditionPyramid(config_of(image).in_channels, width, levels)
            self.zero_convs["conv_in"] = zero_conv(width, config_of(image).block_out_channels[0])
        self.fps_embed = _label(embedding) if config.fps else None
        self.pass_embed = _label(embedding) if config.passes else None
        self.word_embed = None
        if config.words:
            self.word_embed = TextTimeEmbedding(text_width, embedding, num_heads=4)
        self.motion_prior = None
        if config.motion_prior:
            self.motion_prior = MotionPrior(embedding, config.motion_prior, config.reach)
        self.motion_compensation = None
        if config.motion_compensation:
            self.motion_compensation = MotionCompensation(
                text_width, config_of(image).in_channels, width
            )
            self.estimate_zero_convs["conv_in"] = zero_conv(
                width, config_of(image).block_out_channels[0]
            )

    @property
    def receptive_radius(self) -> int | None:
        """Frames on either side that can influence a frame, through all layers; None for all."""
        if self.config.norm != "frame":
            return None
        blocks = self.blocks.values()
        return sum(2 if isinstance(b, TemporalConv) else self.config.reach for b in blocks)

    def labels(self, fps: Tensor | None, passes: Tensor | None) -> Tensor | None:
        """Embedding (B, E) of the optional labels (B,), or None; keyframes, pass 0, have none."""
        found = []
        if self.fps_embed is not None and fps is not None:
            found.append(_embedded(self.fps_embed, fps))
        if self.pass_embed is not None and passes is not None:
            found.append(_embedded(self.pass_embed, passes) * (passes > 0)[:, None])
        return torch.stack(found).sum(0) if found else None

    def initial_estimate(
        self, condition: tuple[Tensor, Tensor], text: Tensor, positions: Tensor, passes: Tensor
    ) -> Tensor | None:
        """The holes by motion compensation, (B T) C h w; None where it was not learned.

        condition (clip, mask) as the network gets it; text (B, L, D); positions (B, T); passes (B,).
        """
        if self.motion_compensation is None:
            return None
        return self.motion_compensation(text, *condition, positions, 0.25 ** passes.float())

    def save(self, path: Path, text_identity: str, notes: dict[str, str] | None = None) -> None:
        """Write weights with config, format version and the text encoder they were trained with."""
        metadata = (notes or {}) | {"text_encoder": text_identity}
        layer_file.save(path, self, FORMAT, self.config, metadata)

    @classmethod
    def load(cls, path: Path, image: UNet2DConditionModel) -> "tuple[TemporalLayers, str]":
        """Layers for `image`, in fp32, and the identity of their text encoder.

        ValueError for a format that is not ours or newer, RuntimeError if the weights do not fit.
        """
        tensors, config, notes = layer_file.load(path, FORMAT, shapes=layer_file.is_shapes(image))
        with layer_file.made_beside(image):
            layers = cls(image, TemporalConfig(**config))
        layer_file.fill(layers, tensors)
        return layers, notes["text_encoder"]


def insertion_points(image: UNet2DConditionModel) -> Iterator[tuple[str, int, int]]:
    """(name, channels, heads) behind every ResBlock (heads 0) and every spatial transformer."""
    for stage, blocks in (("down_blocks", image.down_blocks), ("up_blocks", image.up_blocks)):
        for index, block in enumerate(blocks):
            yield from _points_in(f"{stage}:{index}", block)
    if image.mid_block is not None:  # small distilled models leave it out
        yield from _points_in("mid_block", image.mid_block)


def _points_in(prefix: str, block: Any) -> Iterator[tuple[str, int, int]]:
    for index, resnet in enumerate(block.resnets):
        yield f"{prefix}:resnets:{index}", resnet.out_channels, 0
    for index, attention in enumerate(getattr(block, "attentions", None) or ()):
        inner = attention.transformer_blocks[0].attn1.to_q.in_features
        heads = attention.transformer_blocks[0].attn1.heads
        yield f"{prefix}:attentions:{index}", inner, heads


def _label(embedding: int) -> TimestepEmbedding:
    layer = TimestepEmbedding(256, embedding)
    zero_init(layer.linear_2)
    return layer


def _embedded(layer: TimestepEmbedding, label: Tensor) -> Tensor:
    return layer(_waves(label).to(layer.linear_1.weight.dtype))


def _waves(label: Tensor) -> Tensor:
    return Timesteps(256, True, 0)(label)
