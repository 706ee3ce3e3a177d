"""An image latent diffusion model from a stock pipeline folder, part by part."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors import SafetensorError
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.device import Device, set_attention
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Backbone:
    """The frozen parts of Stable Diffusion's layout, on one device."""

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scheduler: DDIMScheduler
    device: Device

    @property
    def reduction(self) -> int:
        """Pixels per latent cell, along one side."""
        return 2 ** (len(self.vae.config.block_out_channels) - 1)


# name, how it is opened, and how that spells the precision wanted ("" where there is none)
PARTS: tuple[tuple[str, Callable[..., Any], str], ...] = (
    ("tokenizer", CLIPTokenizer.from_pretrained, ""),
    ("text_encoder", CLIPTextModel.from_pretrained, "dtype"),
    ("unet", UNet2DConditionModel.from_pretrained, "torch_dtype"),
    ("vae", AutoencoderKL.from_pretrained, "torch_dtype"),
    ("scheduler", DDIMScheduler.from_pretrained, ""),
)


def load_backbone(folder: Path, device: Device, tick: Tick = silent) -> Backbone:
    """Open `folder` (StableDiffusionPipeline layout); one tick per part.

    A missing or damaged part is refused by name.
    """
    parts: dict[str, Any] = {}
    for done, (name, open_part, precision) in enumerate(PARTS):
        tick(Progress("loading model", done, len(PARTS), note=name))
        wanted = {precision: device.dtype} if precision else {}
        parts[name] = _opened(folder / name, open_part, **wanted)
        if isinstance(parts[name], torch.nn.Module):
            parts[name].to(device.name).eval().requires_grad_(False)
    set_attention(parts["unet"], device)
    tick(Progress("loading model", len(PARTS), len(PARTS)))
    return Backbone(**parts, device=device)


def _opened(folder: Path, open_part: Callable[..., Any], **wanted: torch.dtype) -> Any:
    try:
        return open_part(folder, local_files_only=True, **wanted)
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise Refusal(
            f'The model\'s part "{folder.name}" cannot be read.',
            f"Restore or download the model in {folder.parent} again.",
        ) from error


def token_ids(backbone: Backbone, prompts: list[str]) -> Tensor:
    """Token numbers (B, L), padded and cut to what the text encoder holds."""
    return backbone.tokenizer(
        prompts,
        padding="max_length",
        truncation=True,
        max_length=backbone.text_encoder.config.max_position_embeddings,
        return_tensors="pt",
    ).input_ids.to(backbone.device.name)


@torch.no_grad()
def encode_text(backbone: Backbone, prompts: list[str]) -> Tensor:
    """Prompts to token embeddings (B, L, D)."""
    return backbone.text_encoder(token_ids(backbone, prompts)).last_hidden_state
