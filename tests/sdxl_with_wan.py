"""The files of a stack as people have them in ComfyUI's folders: SDXL for keyframes, Wan between."""

from pathlib import Path

from tests import published_models, published_wan

KEYFRAMES = "sd_xl_base_1.0"
BETWEEN = "wan2.1_vace_1.3B_fp16+umt5_xxl_fp16+wan_2.1_vae"


def make(models: Path) -> Path:
    published_models.checkpoint(models / "checkpoints" / f"{KEYFRAMES}.safetensors", "sdxl")
    network, text, codec = BETWEEN.split("+")
    published_wan.transformer_file(models / "diffusion_models" / f"{network}.safetensors", "vace")
    published_wan.text_file(models / "text_encoders" / f"{text}.safetensors")
    published_wan.vae_file(models / "vae" / f"{codec}.safetensors")
    return models
