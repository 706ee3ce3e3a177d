"""Stable Diffusion from a stock pipeline folder, part by part: what families of its layout share."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors import SafetensorError
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.device import SHAPES, Device, set_attention
from studio.engine.diffusers_calls import config_of, to_device
from studio.engine.loading import loading
from studio.engine.words.second_text import SecondText
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Backbone:
    """The frozen parts of Stable Diffusion's layout, on one device; `second` in Stable Diffusion XL."""

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scheduler: DDIMScheduler
    device: Device
    second: SecondText | None = None

    @property
    def reduction(self) -> int:
        """Pixels per latent cell, along one side."""
        return 2 ** (len(config_of(self.vae).block_out_channels) - 1)


Open = Callable[[Path, Device], Any]
"""Opens a part's folder; a network comes frozen, on the device, in the precision it has there."""


def plain(kind: Any) -> Open:
    """Opens what is no network."""
    return lambda folder, _: kind.from_pretrained(folder, local_files_only=True)


def network(kind: Any, precision: str = "torch_dtype") -> Open:
    """Opens a network in the device's precision, which the kind's library spells its own way."""

    def opened(folder: Path, device: Device) -> torch.nn.Module:
        wanted = {precision: device.dtype}
        if device.name == SHAPES:
            return torch.nn.Module.to(shaped(kind, folder), device.dtype)
        net = kind.from_pretrained(folder, local_files_only=True, **wanted)
        return net.to(device.home).eval().requires_grad_(False)

    return opened


def shaped(kind: Any, folder: Path) -> Any:
    """A network of diffusers or transformers without weights, as its config says, frozen."""
    with torch.device(SHAPES):
        if hasattr(kind, "load_config"):
            net = kind.from_config(kind.load_config(folder, local_files_only=True))
        else:
            net = kind(kind.config_class.from_pretrained(folder, local_files_only=True))
    return net.eval().requires_grad_(False)


def autoencoder(*, unsaid: bool = False) -> Open:
    """Opens an autoencoder in the precision that it asks for (`Device.autoencoder_dtype`)."""

    def opened(folder: Path, device: Device) -> AutoencoderKL:
        config: Any = AutoencoderKL.load_config(folder, local_files_only=True)
        dtype = device.autoencoder_dtype(config, unsaid=unsaid)
        if device.name == SHAPES:
            shape: Any = torch.nn.Module.to(shaped(AutoencoderKL, folder), dtype)
            return shape
        vae = AutoencoderKL.from_pretrained(folder, local_files_only=True, torch_dtype=dtype)
        return to_device(vae, device.home).eval().requires_grad_(False)

    return opened


PARTS: tuple[tuple[str, Open], ...] = (
    ("tokenizer", plain(CLIPTokenizer)),
    ("text_encoder", network(CLIPTextModel, "dtype")),
    ("unet", network(UNet2DConditionModel)),
    ("vae", autoencoder()),
    ("scheduler", plain(DDIMScheduler)),
)


def load_backbone(folder: Path, device: Device, tick: Tick = silent) -> Backbone:
    """Open `folder` (StableDiffusionPipeline layout); one tick per part.

    A missing or damaged part is refused by name.
    """
    parts: dict[str, Any] = {}
    for done, (name, open_part) in enumerate(PARTS):
        tick(Progress("loading model", done, len(PARTS), note=name))
        with loading():
            parts[name] = _opened(folder / name, open_part, device)
    set_attention(parts["unet"], device)
    tick(Progress("loading model", len(PARTS), len(PARTS)))
    return Backbone(**parts, device=device)


def load_teacher(folder: Path, device: Device) -> AutoencoderKL:
    """A model's autoencoder alone, in fp32 as trainings want it; refused where it is damaged."""
    full = replace(device, dtype=torch.float32)
    return _opened(folder / "vae", autoencoder(), full)


def _opened(folder: Path, open_part: Open, device: Device) -> Any:
    try:
        return open_part(folder, device)
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
