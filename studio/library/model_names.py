"""What a model is called that carries no card: by its file or folder, as people know it."""

import re
import unicodedata
from pathlib import Path

from studio.library.program_folders import REPOSITORY
from studio.spec.bounds import is_name

GENERIC = ("diffusion_pytorch_model", "pytorch_model", "model", "pytorch_lora_weights",
           "adapter_model", "open_clip_model", "learned_embeds")  # fmt: skip
"""Names that every repository gives to its weights: their folder says more."""
PARTS = ("unet", "vae", "vae_1_0", "text_encoder", "transformer", "image_encoder", "controlnet")
"""Folders of a pipeline, which say nothing by themselves."""
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_VARIANT = re.compile(r"\.(fp16|fp32|bf16|ema|non_ema)$")


def name_of(place: Path) -> str:
    """The id of a weight file, or of a pipeline's folder.  Two may have the same."""
    name = place.name
    if place.suffix.lower() in _ENDINGS:
        name = _VARIANT.sub("", _SHARD.sub("", place.stem))
        if name.lower() in GENERIC:
            return _of_folder(place.parent)
    else:
        name = _of_folder(place)
    return _plain(name)


def _of_folder(folder: Path) -> str:
    if folder.name in PARTS:
        return _plain(f"{_of_folder(folder.parent)} {folder.name}")
    if folder.parent.name == "snapshots" and folder.parent.parent.name.startswith(REPOSITORY):
        return _plain(folder.parent.parent.name.rpartition("--")[2])
    return _plain(folder.name)


def _plain(name: str) -> str:
    """Without signs that no id may have; cut where it is too long for one."""
    clean = "".join(c for c in name if c not in "/\\" and unicodedata.category(c) != "Cc").strip()
    while clean and not is_name(clean):
        clean = clean[:-1]
    return clean or "model"


_ENDINGS = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin", ".pkl")
