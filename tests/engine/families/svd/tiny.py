"""A tiny Stable Video Diffusion on the disk: real classes, random weights, the folder of the pipeline."""

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLTemporalDecoder,
    EulerDiscreteScheduler,
    UNetSpatioTemporalConditionModel,
)
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from studio.engine.roles import FillSpec
from tests.engine.families.wan.tiny import awake

FRAMES = 3
SPEC = FillSpec("holes", tuple(range(FRAMES)), 7, 2, 3.0, fps=7.0)
"""What is asked of it."""
WIDTH = 1024
"""Of what CLIP sees, by which a file says what it is."""
SCHEDULE = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction", "timestep_type": "continuous", "use_karras_sigmas": True,
    "sigma_min": 0.002, "sigma_max": 700.0, "timestep_spacing": "leading", "steps_offset": 1,
}  # fmt: skip


def make(folder: Path, frames: int = 14, *, heads: int = 0) -> Path:
    """As the pipeline saves it, small but for the width of what CLIP sees; with `heads` of the widths
    of the release, 64 channels, and 80 where CLIP sees."""
    widths = (64 * heads, 128 * heads) if heads else (32, 64)
    seen: dict = {"hidden_size": 80 * heads or 32, "num_attention_heads": heads or 2}
    seen |= {"hidden_act": "gelu"} if heads else {}
    torch.manual_seed(3)
    unet = UNetSpatioTemporalConditionModel(
        block_out_channels=widths,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        num_attention_heads=(heads, 2 * heads) if heads else (2, 4),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        addition_time_embed_dim=16,
        projection_class_embeddings_input_dim=48,
        num_frames=frames,
    )
    vae = AutoencoderKLTemporalDecoder(
        block_out_channels=(32,) * 4, down_block_types=("DownEncoderBlock2D",) * 4
    )
    vision = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            intermediate_size=32,
            num_hidden_layers=1,
            image_size=28,
            patch_size=14,
            projection_dim=WIDTH,
            **seen,
        )
    )
    for seed, (name, net) in enumerate({"unet": unet, "vae": vae, "image_encoder": vision}.items()):
        awake(net, seed, 1.0)
        net.save_pretrained(folder / name)
    EulerDiscreteScheduler(**SCHEDULE).save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(
        json.dumps({"_class_name": "StableVideoDiffusionPipeline"})
    )
    return folder
