"""The layouts of public networks that models for the studio are made of: facts, as published."""

from typing import Any

SD15_UNET: dict[str, Any] = {"cross_attention_dim": 768, "attention_head_dim": 8}
"""Stable Diffusion 1.x; the rest is what diffusers' `UNet2DConditionModel` is by default."""
SD_AUTOENCODER: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
UPSCALER_UNET: dict[str, Any] = {
    "in_channels": 7,
    "out_channels": 4,
    "block_out_channels": (256, 512, 512, 1024),
    "down_block_types": ("DownBlock2D", *("CrossAttnDownBlock2D",) * 3),
    "up_block_types": (*("CrossAttnUpBlock2D",) * 3, "UpBlock2D"),
    "only_cross_attention": (True, True, True, False),
    "attention_head_dim": 8,
    "cross_attention_dim": 1024,
    "use_linear_projection": True,
    "num_class_embeds": 1000,
    "sample_size": 128,
}
"""The Stable Diffusion ×4 upscaler."""
UPSCALER_AUTOENCODER: dict[str, Any] = {
    "block_out_channels": (128, 256, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "layers_per_block": 2,
    "latent_channels": 4,
    "scaling_factor": 0.08333,
}
