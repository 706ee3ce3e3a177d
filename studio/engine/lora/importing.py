"""A LoRA of somebody else: how it fits a model, and as one file that says all of itself."""

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from torch import nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from studio.engine.backbone import shaped
from studio.engine.checkpoints.tensor_file import save_whole
from studio.engine.lora.fitting import SECOND_TEXT, AdapterMatch, AdapterUse, fit
from studio.engine.lora.reading import beside

NETWORKS = ("unet", "text_encoder", "transformer")


def fitted(file: Path, networks: Mapping[str, nn.Module]) -> AdapterMatch:
    """How many of its layers have a place in networks, which may be on "meta"; refused where none has."""
    return fit(networks, AdapterUse(file)).match


def published(layout: Path) -> dict[str, nn.Module]:
    """The image model and text encoders of a layout of Stable Diffusion, with shapes alone."""
    from diffusers import UNet2DConditionModel

    nets = {
        "unet": shaped(UNet2DConditionModel, layout / "unet"),
        "text_encoder": shaped(CLIPTextModel, layout / "text_encoder"),
    }
    second = layout / SECOND_TEXT
    if second.is_dir():
        nets[SECOND_TEXT] = shaped(CLIPTextModelWithProjection, second)
    return nets


def whole(file: Path, out: Path) -> Path:
    """The file, or where PEFT wrote its alpha into a config beside it, a copy at `out` with that in the
    header: a subject's version is one file."""
    config = beside(file)
    if config is None:
        return file
    stated = json.loads(config.read_text("utf-8"))
    with safe_open(file, "pt") as opened:
        header = opened.metadata() or {}
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    metadata = {f"{part}.{name}": value for part in NETWORKS for name, value in stated.items()}
    save_whole(out, tensors, header | {"lora_adapter_metadata": json.dumps(metadata)})
    return out
