"""Sizes of networks from the shapes of their tensors: a published layout says how its networks are
built, a file how wide and how deep they are.

Shapes are by diffusers' names; what is given is a config of the layout, what comes back is that
with the file's sizes.
"""

import re
from collections.abc import Mapping
from typing import Any

Config = dict[str, Any]
Shapes = Mapping[str, tuple[int, ...]]
NUMBERS = 3
"""That Stable Video Diffusion reads beside the noise level: rate, motion, noise on the first frame."""
HEAD = 64
"""Channels of an attention head in CLIP's text encoders and in Stable Diffusion 2."""
VISION_HEAD = 80
"""Of CLIP ViT-H's picture encoder."""


def unet_config(config: Mapping[str, Any], shapes: Shapes) -> Config:
    """Of `UNet2DConditionModel`; where the layout counts heads by level, they are of 64 channels."""
    levels = counted(shapes, r"down_blocks\.(\d+)\.")
    widths = [shapes[f"down_blocks.{n}.resnets.0.conv2.weight"][0] for n in range(levels)]
    crossed = [f"down_blocks.{n}.attentions.0.norm.weight" in shapes for n in range(levels)]
    linear = next((len(s) for n, s in shapes.items() if n.endswith(".proj_in.weight")), 4) == 2
    text = next(s for n, s in shapes.items() if n.endswith("attn2.to_k.weight"))
    heads = config.get("attention_head_dim")
    return {
        **config,
        "block_out_channels": widths,
        "down_block_types": [f"{'CrossAttn' if c else ''}DownBlock2D" for c in crossed],
        "up_block_types": [f"{'CrossAttn' if c else ''}UpBlock2D" for c in reversed(crossed)],
        "layers_per_block": counted(shapes, r"down_blocks\.0\.resnets\.(\d+)\."),
        "in_channels": shapes["conv_in.weight"][1],
        "out_channels": shapes["conv_out.weight"][0],
        "cross_attention_dim": text[1],
        "use_linear_projection": linear,
        "attention_head_dim": [w // HEAD for w in widths] if isinstance(heads, list) else heads,
        "transformer_layers_per_block": [_depth(shapes, n) for n in range(levels)],
        **_added(shapes),
    }


def unet_over_time_config(config: Mapping[str, Any], shapes: Shapes) -> Config:
    """Of `UNetSpatioTemporalConditionModel` (Stable Video Diffusion): heads of 64 channels."""
    levels = counted(shapes, r"down_blocks\.(\d+)\.")
    first = "resnets.0.spatial_res_block.conv2.weight"
    widths = [shapes[f"down_blocks.{n}.{first}"][0] for n in range(levels)]
    crossed = [f"down_blocks.{n}.attentions.0.norm.weight" in shapes for n in range(levels)]
    kinds = [f"{'CrossAttn' if c else ''}{{}}BlockSpatioTemporal" for c in crossed]
    text = next(s for n, s in shapes.items() if n.endswith("attn2.to_k.weight"))
    added = shapes["add_embedding.linear_1.weight"][1]
    return {
        **config,
        "block_out_channels": widths,
        "down_block_types": [kind.format("Down") for kind in kinds],
        "up_block_types": [kind.format("Up") for kind in reversed(kinds)],
        "num_attention_heads": [width // HEAD for width in widths],
        "layers_per_block": counted(shapes, r"down_blocks\.0\.resnets\.(\d+)\."),
        "cross_attention_dim": text[1],
        "projection_class_embeddings_input_dim": added,
        "addition_time_embed_dim": added // NUMBERS,
    }


def vision_config(config: Mapping[str, Any], shapes: Shapes) -> Config:
    """Of CLIP's picture encoder: `CLIPVisionModelWithProjection`, or `CLIPVisionModel`."""
    inside = "vision_model." if "visual_projection.weight" in shapes else ""
    width, _, patch, _ = shapes[f"{inside}embeddings.patch_embedding.weight"]
    positions = shapes[f"{inside}embeddings.position_embedding.weight"][0] - 1
    found = {
        **config,
        "hidden_size": width,
        "intermediate_size": shapes[f"{inside}encoder.layers.0.mlp.fc1.weight"][0],
        "num_hidden_layers": counted(shapes, rf"{re.escape(inside)}encoder\.layers\.(\d+)\."),
        "num_attention_heads": max(1, width // VISION_HEAD),
        "patch_size": patch,
        "image_size": patch * round(positions**0.5),
    }
    return found | ({"projection_dim": shapes["visual_projection.weight"][0]} if inside else {})


def _depth(shapes: Shapes, level: int) -> int:
    """Transformer blocks of an attention in a level; 1 where there is none."""
    numbered = rf"down_blocks\.{level}\.attentions\.0\.transformer_blocks\.(\d+)\."
    return 1 + max((int(m[1]) for name in shapes if (m := re.match(numbered, name))), default=0)


def _added(shapes: Shapes) -> Config:
    """What is read beside the noise level: sizes and a text as a whole (Stable Diffusion XL)."""
    linear = shapes.get("add_embedding.linear_1.weight")
    return {"projection_class_embeddings_input_dim": linear[1]} if linear else {}


def autoencoder_config(config: Mapping[str, Any], shapes: Shapes) -> Config:
    """Of `AutoencoderKL` and `AutoencoderKLTemporalDecoder`."""
    levels = counted(shapes, r"encoder\.down_blocks\.(\d+)\.")
    found = {
        **config,
        "block_out_channels": [
            shapes[f"encoder.down_blocks.{n}.resnets.0.conv1.weight"][0] for n in range(levels)
        ],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "layers_per_block": counted(shapes, r"encoder\.down_blocks\.0\.resnets\.(\d+)\."),
        "latent_channels": shapes["decoder.conv_in.weight"][1],
    }
    if "up_block_types" in config:
        found["up_block_types"] = ["UpDecoderBlock2D"] * levels
    return found


def tiny_autoencoder_config(config: Mapping[str, Any], shapes: Shapes) -> Config:
    """Of `AutoencoderTiny` (TAESD): one width in all its levels."""
    width = shapes["encoder.layers.0.weight"][0]
    return {
        **config,
        "encoder_block_out_channels": [width] * len(config["encoder_block_out_channels"]),
        "decoder_block_out_channels": [width] * len(config["decoder_block_out_channels"]),
        "latent_channels": shapes["decoder.layers.0.weight"][1],
    }


def text_config(config: Mapping[str, Any], shapes: Shapes) -> Config:
    """Of `CLIPTextModel` and `CLIPTextModelWithProjection`."""
    projection = shapes.get("text_projection.weight")
    words, width = shapes["embeddings.token_embedding.weight"]
    return {
        **config,
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": shapes["encoder.layers.0.mlp.fc1.weight"][0],
        "num_hidden_layers": counted(shapes, r"encoder\.layers\.(\d+)\."),
        "num_attention_heads": width // HEAD,
        "max_position_embeddings": shapes["embeddings.position_embedding.weight"][0],
        **({"projection_dim": projection[0]} if projection else {}),
    }


def counted(shapes: Shapes, numbered: str) -> int:
    """One more than the largest number in a name; KeyError where there is none."""
    numbers = [int(found[1]) for name in shapes if (found := re.match(numbered, name))]
    if not numbers:
        raise KeyError(numbered)
    return 1 + max(numbers)
