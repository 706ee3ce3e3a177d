"""A backbone of Stable Diffusion XL's parts, made tiny: two text encoders, the second one's text as a
whole and sizes beside the noise level; 4×8×8 latents, random seeded weights."""

from dataclasses import replace

import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from studio.engine.backbone import Backbone
from studio.engine.words.second_text import SecondText
from tests.engine.tiny_backbone import letters, tiny

FIRST, SECOND, WHOLE, SIZES = 32, 48, 24, 8
"""Widths of both texts, of the second as a whole, and of each number that says a size."""


def tiny_xl() -> Backbone:
    backbone, words = tiny(), letters()
    torch.manual_seed(11)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=FIRST + SECOND,
        use_linear_projection=True,
        attention_head_dim=2,
        norm_num_groups=8,
        addition_embed_type="text_time",
        addition_time_embed_dim=SIZES,
        projection_class_embeddings_input_dim=WHOLE + 6 * SIZES,
    )
    config = CLIPTextConfig(
        vocab_size=len(words), hidden_size=SECOND, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=16, projection_dim=WHOLE,
        bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )  # fmt: skip
    second = CLIPTextModelWithProjection(config).eval().requires_grad_(False)
    return replace(backbone, unet=unet.eval(), second=SecondText(second, words))
