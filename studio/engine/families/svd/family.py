"""Stable Video Diffusion (Blattmann et al. 2023), which animates a first frame: how a model is opened.

Its folder is that of diffusers' `StableVideoDiffusionPipeline`: `unet`, `image_encoder`, `vae`,
`scheduler`; its card names "image", "vision" and "autoencoder".  These may be one file as it was
published, beside which the folder holds the configs of that layout.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from diffusers import UNetSpatioTemporalConditionModel
from safetensors import SafetensorError
from transformers import CLIPVisionModelWithProjection

from studio.engine.autoencoders import AutoencoderCodec
from studio.engine.checkpoints.names import diffusers_names
from studio.engine.checkpoints.opening import UNREADABLE, Source, open_autoencoder
from studio.engine.checkpoints.svd_names import svd_names
from studio.engine.device import Device, set_attention
from studio.engine.families.svd.fill import Animation
from studio.engine.families.svd.one_file import open_unet, open_vision
from studio.engine.loading import loading
from studio.engine.roles import Parts
from studio.engine.schedulers import load_scheduler
from studio.spec.card import Card
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal


def load(folder: Path, card: Card, role: str, device: Device, tick: Tick) -> Parts:
    """What fills "holes" and "codec".  A part that is missing, damaged or of another layout is
    refused by name."""
    del role  # the same autoencoder serves both
    one_file = all(Path(file).is_absolute() for _, file in card.files)
    source = Source.named(folder, card.files, svd_names if one_file else diffusers_names)
    openers: dict[str, Callable[[], Any]] = {
        "unet": lambda: _network(UNetSpatioTemporalConditionModel, folder / "unet", device),
        "image_encoder": lambda: _network(
            CLIPVisionModelWithProjection, folder / "image_encoder", device
        ),
        "vae": lambda: open_autoencoder(source, device),
        "scheduler": lambda: load_scheduler(folder / "scheduler"),
    }
    if one_file:
        frames = card.window.most
        openers["unet"] = lambda: open_unet(source, frames, device)
        openers["image_encoder"] = lambda: open_vision(source, device)
    parts: dict[str, Any] = {}
    for done, (name, opened) in enumerate(openers.items()):
        tick(Progress("loading model", done, len(openers), note=name))
        try:
            with loading():
                parts[name] = opened()
        except (*UNREADABLE, SafetensorError) as error:
            raise Refusal(
                f'The model\'s part "{name}" cannot be read.',
                f"Restore or download the model in {folder} again.",
            ) from error
    tick(Progress("loading model", len(openers), len(openers)))
    set_attention(parts["unet"], device)
    codec = AutoencoderCodec(parts["vae"])
    filler = Animation(
        card, parts["unet"], parts["image_encoder"], codec, parts["scheduler"], device
    )
    return {"holes": filler, "codec": codec}


def _network(kind: Any, folder: Path, device: Device) -> Any:
    files = sorted(folder.glob("*.fp16.safetensors"))
    plain = [file for file in folder.glob("*.safetensors") if file not in files]
    variant = {"variant": "fp16"} if files and not plain else {}
    wanted = {"torch_dtype" if hasattr(kind, "load_config") else "dtype": device.dtype}
    net = kind.from_pretrained(folder, local_files_only=True, **wanted, **variant)
    return net.to(device.name).eval().requires_grad_(False)
