"""Train the starter, stage after stage, and pack it as a model folder.

    autoencoder → text encoder → clips as latents → image model → temporal layers
    → windows of clips → guesses of holes → temporal layers around given frames
    → footage → temporal decoder → upsampler → upsampler over time → packed

Every stage keeps checkpoints below `out/runs` and goes on where it stopped.
"""

from dataclasses import astuple, dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors import SafetensorError
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.device import PROCESSOR, Device
from studio.engine.families.videoldm.decoder import DecoderLayers
from studio.engine.families.videoldm.family import DECODER
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.upsampler import FOLDER as UPSAMPLER
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.lab.drawing import footage
from studio.lab.training import (
    autoencoder,
    backbone,
    conditioned,
    decoder,
    drift,
    enlarged,
    latents,
    temporal,
    text,
    upsampler,
)
from studio.lab.training.packing import pack, pack_upsampler
from studio.spec.progress import Tick, silent
from studio.spec.refusal import Refusal

WIDTHS = (32, 64, 128)
UPSAMPLER_KIND = "pixel"
"""The better one at this size; the model card compares them."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Updates per stage and clips drawn.  `times(2)` trains everything twice as long."""

    autoencoder: int = 3200
    text: int = 1200
    image: int = 24000
    temporal: int = 12000
    drift: int = 10000
    given: int = 900
    clips: int = 8000
    windows: int = 3000
    footage: int = 1500
    decoder: int = 600
    pairs: int = 800
    upsampler: int = 3000
    upsampler_over_time: int = 1200

    def times(self, factor: float) -> "Scale":
        """Every count multiplied, at least 2."""
        return Scale(*(max(2, round(count * factor)) for count in astuple(self)))


@dataclass(frozen=True, slots=True)
class Parts:
    """Networks of a starter, in fp32; the layers of `net` make keyframes."""

    vae: AutoencoderKL
    words: CLIPTokenizer
    encoder: CLIPTextModel
    net: VideoUNet


def train(
    seed: int,
    scale: Scale,
    out: Path,
    *,
    start: Path | None = None,
    device: Device = PROCESSOR,
    tick: Tick = silent,
) -> Path:
    """Run the stages that are not done and pack the model; returns the model's folder.

    With `start`, a packed model, those up to its keyframes are taken from there.
    """
    runs = out / "runs"
    parts = opened(start, seed) if start else to_keyframes(seed, scale, runs, device, tick)
    for part in (parts.vae, parts.encoder, parts.net):
        part.to(device.name)
    vae, words, encoder, net = parts.vae, parts.words, parts.encoder, parts.net
    sets = conditioned.make(vae, seed, scale.windows, runs / "windows", tick=tick)
    drift.train(net, words, encoder, sets, seed, scale.drift, runs / "drift", tick=tick)
    folder = runs / "given"
    layers = conditioned.train(net, words, encoder, sets, seed, scale.given, folder, tick=tick)
    seeing = to_frames(vae, seed, scale, runs, tick)
    larger = to_larger(vae, seed, scale, runs, device, tick)
    packed = out / "starter"
    packed.mkdir(parents=True, exist_ok=True)
    seeing.half().save(packed / DECODER)
    pack_upsampler(packed / UPSAMPLER, larger)
    return pack(packed, vae, words, encoder, net.image, layers)


def to_frames(
    vae: AutoencoderKL, seed: int, scale: Scale, runs: Path, tick: Tick = silent
) -> DecoderLayers:
    """Layers over time for the autoencoder's decoder."""
    clips = footage.pool(seed, scale.footage, tick=tick)
    return decoder.train(vae, clips, seed, scale.decoder, runs / "decoder", tick=tick)


def to_larger(
    vae: AutoencoderKL,
    seed: int,
    scale: Scale,
    runs: Path,
    device: Device = PROCESSOR,
    tick: Tick = silent,
) -> VideoUNet:
    """An upsampler of the kind that is the better one at this size."""
    pairs = enlarged.make(vae, seed, scale.pairs, runs / "pairs.safetensors", tick=tick)
    steps, folder = (scale.upsampler, scale.upsampler_over_time), runs / "upsampler"
    how = {"device": device, "tick": tick}
    return upsampler.train(UPSAMPLER_KIND, pairs, seed, steps, folder, **how)


def to_keyframes(
    seed: int, scale: Scale, runs: Path, device: Device = PROCESSOR, tick: Tick = silent
) -> Parts:
    """From nothing to layers that make keyframes from words."""
    folder, how = runs / "autoencoder", {"device": device, "tick": tick}
    vae = autoencoder.train(seed, scale.autoencoder, folder, **how)
    words, encoder = text.train(seed, scale.text, runs / "text", **how)
    clips = latents.make(vae, seed, scale.clips, runs / "clips.safetensors", tick=tick)
    unet = backbone.fresh(seed, WIDTHS).to(device.name)
    backbone.train(unet, words, encoder, clips, seed, scale.image, runs / "image", tick=tick)
    net = temporal.fresh(unet, seed)
    folder = runs / "temporal"
    temporal.train(net, words, encoder, clips, seed, scale.temporal, folder, tick=tick)
    return Parts(vae, words, encoder, net)


def opened(folder: Path, seed: int) -> Parts:
    """The parts of a packed model; what its layers have not learned yet is fresh.

    One that is laid out otherwise than the starter is refused.
    """
    try:
        words = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
        encoder = CLIPTextModel.from_pretrained(
            folder / "text_encoder", dtype=torch.float32, local_files_only=True
        )
        vae = AutoencoderKL.from_pretrained(
            folder / "vae", torch_dtype=torch.float32, local_files_only=True
        )
        unet = UNet2DConditionModel.from_pretrained(
            folder / "unet", torch_dtype=torch.float32, local_files_only=True
        )
        net = temporal.fresh(unet, seed)
        layers, _ = TemporalLayers.load(folder / "temporal.safetensors", unet)
        _, unknown = net.temporal.load_state_dict(layers.state_dict(), strict=False)
    except (OSError, SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise _other_layout(folder) from error
    if unknown:
        raise _other_layout(folder)
    for part in (vae, encoder):
        part.eval().requires_grad_(False)
    return Parts(vae, words, encoder, net)


def _other_layout(folder: Path) -> Refusal:
    return Refusal(
        f"The model {folder.name} is not laid out as the starter is.", "Leave --model out."
    )
