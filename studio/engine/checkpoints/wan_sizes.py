"""Sizes of Wan's networks from the shapes of their tensors, by diffusers' and transformers' names."""

from collections.abc import Mapping
from math import prod
from typing import Any

from studio.engine.checkpoints.sizes import Config, Shapes, counted

HEAD = 128
"""Channels of an attention head in all published transformers."""
_EMBEDDER = "condition_embedder."


def transformer_config(config: Mapping[str, Any], shapes: Shapes) -> Config:
    """Of `WanTransformer3DModel` and, where its names are there, `WanVACETransformer3DModel`."""
    width, channels, *patch = shapes["patch_embedding.weight"]
    pictures = shapes.get(f"{_EMBEDDER}image_embedder.norm1.weight")
    positions = shapes.get(f"{_EMBEDDER}image_embedder.pos_embed")
    layers = counted(shapes, r"blocks\.(\d+)\.")
    found = {
        **config,
        "patch_size": patch,
        "num_attention_heads": width // config.get("attention_head_dim", HEAD),
        "attention_head_dim": config.get("attention_head_dim", HEAD),
        "in_channels": channels,
        "out_channels": shapes["proj_out.weight"][0] // prod(patch),
        "text_dim": shapes[f"{_EMBEDDER}text_embedder.linear_1.weight"][1],
        "freq_dim": shapes[f"{_EMBEDDER}time_embedder.linear_1.weight"][1],
        "ffn_dim": shapes["blocks.0.ffn.net.0.proj.weight"][0],
        "num_layers": layers,
        "image_dim": pictures[0] if pictures else None,
        "added_kv_proj_dim": width if pictures else None,
        "pos_embed_seq_len": positions[1] if positions else None,
    }
    control = shapes.get("vace_patch_embedding.weight")
    if control:
        many = counted(shapes, r"vace_blocks\.(\d+)\.")
        found |= {
            "vace_in_channels": control[1],
            "vace_layers": [n * (layers // many) for n in range(many)],
        }
    return found


def autoencoder_config(config: Mapping[str, Any], shapes: Shapes) -> Config:
    """Of `AutoencoderKLWan`; the layout says how levels widen and which halve time."""
    down = r"encoder\.down_blocks\.0\.resnets\.(\d+)\." if config.get("is_residual") else None
    up = counted(shapes, r"decoder\.up_blocks\.0\.resnets\.(\d+)\.")
    base = shapes["encoder.conv_in.weight"][0] // config["dim_mult"][0]
    return {
        **config,
        "base_dim": base,
        "decoder_base_dim": shapes["decoder.conv_out.weight"][1] // config["dim_mult"][0],
        "z_dim": shapes["post_quant_conv.weight"][0],
        "num_res_blocks": counted(shapes, down) if down else up - 1,
        "in_channels": shapes["encoder.conv_in.weight"][1],
        "out_channels": shapes["decoder.conv_out.weight"][0],
    }


def text_config(config: Mapping[str, Any], shapes: Shapes) -> Config:
    """Of `UMT5EncoderModel`."""
    attention = "encoder.block.0.layer.0.SelfAttention."
    buckets, heads = shapes[f"{attention}relative_attention_bias.weight"]
    words, width = shapes["shared.weight"]
    return {
        **config,
        "vocab_size": words,
        "d_model": width,
        "d_kv": shapes[f"{attention}q.weight"][0] // heads,
        "d_ff": shapes["encoder.block.0.layer.1.DenseReluDense.wi_0.weight"][0],
        "num_layers": counted(shapes, r"encoder\.block\.(\d+)\."),
        "num_heads": heads,
        "relative_attention_num_buckets": buckets,
    }
