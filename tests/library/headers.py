"""Headers of published weight files, and files that are none."""

import json
from pathlib import Path

import pytest

from tests.library.weight_builder import safetensors

KEYS = Path(__file__).resolve().parents[3] / "shared" / "data" / "keys"
KIND = "SDXL checkpoint"


def wan(width: int, channels: int, **more: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """What tells Wan's transformers apart, in the original spelling."""
    return {
        "patch_embedding.weight": (width, channels, 1, 2, 2),
        "blocks.0.self_attn.q.weight": (width, width),
        "blocks.0.cross_attn.k.weight": (width, width),
        "head.head.weight": (64, width),
        **{name.replace("__", "."): shape for name, shape in more.items()},
    }


WAN = {
    "wan2.1_t2v_1.3B": (wan(1536, 16), "Wan 2.1 or 2.2 T2V 1.3B video model"),
    "wan2.1_t2v_14B": (wan(5120, 16), "Wan 2.1 or 2.2 T2V 14B video model"),
    "wan2.2_t2v_high_noise_14B": (wan(5120, 16), "Wan 2.2 T2V A14B, high noise video model"),
    "Wan2.2-I2V-A14B-LowNoise": (wan(5120, 36), "Wan 2.2 I2V A14B, low noise video model"),
    "wan2.1_i2v_480p": (
        wan(5120, 36, img_emb__proj__0__bias=(1280,)),
        "Wan 2.1 I2V 14B video model",
    ),
    "wan2.1_flf2v": (
        wan(5120, 36, img_emb__proj__0__bias=(1280,), img_emb__emb_pos=(1, 514, 1280)),
        "Wan 2.1 FLF2V 14B video model",
    ),
    "wan2.2_ti2v_5B": (wan(3072, 48), "Wan 2.2 TI2V 5B video model"),
    "wan2.1_vace_1.3B": (
        wan(1536, 16, vace_patch_embedding__weight=(1536, 96, 1, 2, 2)),
        "Wan 2.1 VACE 1.3B video model",
    ),
}


SMALL = {
    "SDXL checkpoint": {
        "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
        "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
        "first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3),
        "conditioner.embedders.1.model.positional_embedding": (77, 1280),
    },
    "SD ×4 upscaler": {
        "conv_in.weight": (256, 7, 3, 3),
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (512, 1024),
    },
    "FLUX image model": {"double_blocks.0.img_attn.norm.key_norm.scale": (128,)},
    "Z-Image image model": {"layers.0.adaLN_modulation.0.weight": (15360, 256)},
    "LTX video model": {"model.diffusion_model.patchify_proj.weight": (2048, 128)},
    "TAESD preview autoencoder": {
        "encoder.layers.0.weight": (64, 3, 3, 3), "decoder.layers.0.weight": (64, 4, 3, 3),
    },
    "Wan 2.1 autoencoder": {
        "decoder.middle.0.residual.0.gamma": (384, 1, 1, 1),
        "decoder.conv1.weight": (384, 16, 3, 3, 3),
    },
    "Wan 2.2 5B autoencoder": {
        "decoder.middle.0.residual.0.gamma": (1024, 1, 1, 1),
        "decoder.conv1.weight": (1024, 48, 3, 3, 3),
    },
    "16 channels autoencoder": {
        "decoder.conv_in.weight": (512, 16, 3, 3), "decoder.up.0.block.0.norm1.weight": (128,),
    },
    "CLIP ViT-L text encoder": {"text_model.embeddings.token_embedding.weight": (49408, 768)},
    "UMT5-XXL text encoder": {
        "shared.weight": (256384, 4096),
        "encoder.block.0.layer.0.SelfAttention.q.weight": (4096, 4096),
    },
    "T5-XXL text encoder": {"shared.weight": (32128, 4096)},
    "CLIP vision image encoder": {"vision_model.embeddings.class_embedding": (1280,)},
    "ESRGAN and kin image upscaler": {"conv_first.weight": (64, 3, 3, 3)},
    "SDXL embedding": {"clip_g": (4, 1280), "clip_l": (4, 768)},
    "SD 1.x embedding": {"emb_params": (8, 768)},
    "Wan 14B LoRA": {
        "diffusion_model.blocks.0.self_attn.q.lora_A.weight": (32, 5120),
        "diffusion_model.blocks.0.self_attn.q.lora_B.weight": (5120, 32),
    },
    "Wan 1.3B LoRA": {
        "lora_unet_blocks_0_self_attn_q.lora_down.weight": (16, 1536),
        "lora_unet_blocks_0_self_attn_q.lora_up.weight": (1536, 16),
        "lora_unet_blocks_0_self_attn_q.alpha": (),
    },
    "SDXL LoRA": {
        "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (8, 1280),
        "lora_unet_down_blocks_1_attentions_0_proj_in.lora_down.weight": (8, 640),
    },
    "SD 2.x LoRA": {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight":
            (4, 1024),
    },
    "SD 1.x LoHa LoRA": {
        "lora_unet_mid_block_attentions_0_proj_in.hada_w1_a": (8, 8),
        "lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight": (8, 768),
    },
}  # fmt: skip


BAD = {
    "nothing.safetensors": (b"", "is empty"),
    "pointer.safetensors": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "git lfs pull",
    ),
    "page.safetensors": (b"<!DOCTYPE html><html>sign in</html>", "web page"),
    "old.ckpt": (b"PK\x03\x04archive/data.pkl", "could run any program"),
    "older.pt": (b"\x80\x02}q\x00.", "could run any program"),
    "words.safetensors": (b"these are no weights at all, only words", "not a safetensors file"),
    "short.gguf": (b"GGUF\x03\x00\x00\x00\x05", "cut short or damaged"),
}


def shapes_of(name: str) -> dict[str, tuple[int, ...]]:
    if not KEYS.exists():
        pytest.skip("the published key lists are not here")
    listed = json.loads((KEYS / f"{name}.json").read_text("utf-8"))["tensors"]
    return {key: tuple(shape) for key, shape in listed.items()}


def put(path: Path, kind: str = KIND) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return safetensors(path, SMALL[kind] if kind in SMALL else WAN[kind][0])


def checkpoint(path: Path, text: int = 768, channels: int = 4, **notes: str) -> Path:
    """What tells a checkpoint's family, and little besides."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first = "model.diffusion_model.input_blocks."
    shapes = {
        f"{first}0.0.weight": (32, channels, 3, 3),
        f"{first}1.1.transformer_blocks.0.attn2.to_k.weight": (32, text),
        "first_stage_model.decoder.conv_in.weight": (32, 4, 3, 3),
    }
    return safetensors(path, shapes, notes=notes)


def motion(path: Path, *, levels: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [
        f"down_blocks.{n}.motion_modules.0.temporal_transformer.norm.weight" for n in range(levels)
    ]
    pe = "down_blocks.0.motion_modules.0.temporal_transformer.transformer_blocks.0."
    pe += "attention_blocks.0.pos_encoder.pe"
    return safetensors(path, dict.fromkeys(names, (32,)) | {pe: (1, 32, 32)})
