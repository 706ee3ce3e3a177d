"""Our own family: any image backbone in Stable Diffusion's layout, with temporal layers."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from studio.engine.backbone import load_backbone
from studio.engine.device import Device, set_attention
from studio.engine.families.videoldm import upsampler
from studio.engine.families.videoldm.decoder import DecoderLayers
from studio.engine.families.videoldm.parts import upscaler_parts, video_parts
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.loading import loading
from studio.engine.roles import Parts
from studio.spec.card import Card
from studio.spec.progress import Tick, silent
from studio.spec.refusal import Refusal

TEMPORAL, DECODER = "temporal.safetensors", "decoder.safetensors"


def load(folder: Path, card: Card, role: str, device: Device, tick: Tick) -> Parts:
    """Open what fills a role of a model folder: a stock pipeline with `temporal.safetensors` beside
    it, all roles but one at once; or the upsampler in there, or one that is the folder.
    """
    if role == "upscaler":
        files = dict(card.files)
        if (file := Path(files.get("upsampler", ""))).is_absolute():
            return upscaler_parts(upsampler.load_file(file, folder, device, tick))
        place = Path(files.get("upsampler", f"{upsampler.FOLDER}/unet/")).parent.parent
        over_time = "upsampler" not in files or "upsampler over time" in files
        return upscaler_parts(upsampler.load(folder / place, device, tick, over_time=over_time))
    return video_parts(load_video(folder, card, device, tick))


def load_video(folder: Path, card: Card, device: Device, tick: Tick = silent) -> VideoModel:
    """The video model of a folder, with `decoder.safetensors` where its card names a decoder.

    A part that is missing, damaged or of a newer format is refused by name.
    """
    with loading():
        return _load(folder, card, device, tick)


def _load(folder: Path, card: Card, device: Device, tick: Tick) -> VideoModel:
    backbone = load_backbone(folder, device, tick)
    try:
        layers, _ = TemporalLayers.load(folder / TEMPORAL, backbone.unet)
        notes = metadata(folder / TEMPORAL)
        taught = frozenset(json.loads(notes["taught"]))
        factors = torch.tensor(json.loads(notes["preview_factors"]))
        decodes = "decoder" in dict(card.files)
        decoder = DecoderLayers.load(folder / DECODER, backbone.vae.decoder) if decodes else None
    except (OSError, SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise Refusal(
            "The model's layers over time cannot be read.",
            f"Restore or download the model in {folder} again.",
        ) from error
    net = VideoUNet(backbone.unet, layers)
    set_attention(net, device)
    net.to(device.home, device.dtype).eval().requires_grad_(False)
    if decoder is not None:
        decoder.to(backbone.vae.device, backbone.vae.dtype).eval().requires_grad_(False)
    return VideoModel(card, backbone, net, taught, factors, decoder)


def metadata(path: Path) -> dict[str, str]:
    """The header's notes of a safetensors file."""
    with safe_open(path, "pt") as file:
        return file.metadata() or {}
