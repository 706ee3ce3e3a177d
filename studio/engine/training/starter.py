"""Train the starter, stage after stage, and pack it as a model folder.

    autoencoder → text encoder → clips as latents → image model → temporal layers
    → windows of clips → guesses of holes → temporal layers around given frames → packed

Every stage keeps checkpoints below `out/runs` and goes on where it stopped.
"""

import json
from dataclasses import astuple, dataclass
from pathlib import Path

import diffusers
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors import SafetensorError
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.preview import fit_factors
from studio.engine.temporal_layers import TemporalLayers
from studio.engine.training import (
    autoencoder,
    backbone,
    conditioned,
    drift,
    latents,
    pictures,
    temporal,
    text,
)
from studio.engine.video_unet import VideoUNet
from studio.spec.progress import Tick, silent
from studio.spec.refusal import Refusal

WIDTHS = (32, 64, 128)
TAUGHT = ("keyframes", "prediction", "interpolation")
CARD = """\
small_vocabulary = true

[family]
id = "starter"
name = "Starter"
native_fps = "1.5"
frames_per_call = 8
most_frames = 16
size = 64
size_multiple = 16
largest = 128
steps = 20
guidance = 2.5
passes = 2
predicts = true
walked = [1.0, 0.4, 0.0, 0.0]
notice = "A 64-pixel demonstration; add a model for real quality."

[weights]
image = "unet/diffusion_pytorch_model.safetensors"
temporal = "temporal.safetensors"
text = "text_encoder/model.safetensors"
autoencoder = "vae/diffusion_pytorch_model.safetensors"
"""


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
    seed: int, scale: Scale, out: Path, *, start: Path | None = None, tick: Tick = silent
) -> Path:
    """Run the stages that are not done and pack the model; returns the model's folder.

    With `start`, a packed model, those up to its keyframes are taken from there.
    """
    runs = out / "runs"
    parts = opened(start, seed) if start else to_keyframes(seed, scale, runs, tick)
    vae, words, encoder, net = parts.vae, parts.words, parts.encoder, parts.net
    sets = conditioned.make(vae, seed, scale.windows, runs / "windows", tick=tick)
    drift.train(net, words, encoder, sets, seed, scale.drift, runs / "drift", tick=tick)
    folder = runs / "given"
    layers = conditioned.train(net, words, encoder, sets, seed, scale.given, folder, tick=tick)
    return pack(out / "starter", vae, words, encoder, net.image, layers)


def to_keyframes(seed: int, scale: Scale, runs: Path, tick: Tick = silent) -> Parts:
    """From nothing to layers that make keyframes from words."""
    vae = autoencoder.train(seed, scale.autoencoder, runs / "autoencoder", tick=tick)
    words, encoder = text.train(seed, scale.text, runs / "text", tick=tick)
    clips = latents.make(vae, seed, scale.clips, runs / "clips.safetensors", tick=tick)
    unet = backbone.fresh(seed, WIDTHS)
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
        encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
        vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32)
        unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
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


def pack(
    folder: Path,
    vae: AutoencoderKL,
    words: CLIPTokenizer,
    encoder: CLIPTextModel,
    unet: UNet2DConditionModel,
    layers: TemporalLayers,
) -> Path:
    """Write a stock pipeline folder in fp16, with the temporal layers and the card beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    words.save_pretrained(folder / "tokenizer")
    factors = preview_factors(vae)
    for name, net in (("vae", vae), ("text_encoder", encoder), ("unet", unet)):
        net.half().save_pretrained(folder / name)
    _open_in_full_precision(folder / "text_encoder" / "config.json")
    backbone.scheduler().save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(_index(), indent=2) + "\n")
    notes = {"taught": json.dumps(TAUGHT), "preview_factors": json.dumps(factors.tolist())}
    layers.half().save(folder / "temporal.safetensors", "text_encoder", notes)
    for config in folder.glob("*/*config.json"):
        _forget_origin(config)
    (folder / "model.toml").write_text(CARD)
    return folder


def _open_in_full_precision(config: Path) -> None:
    """Stock pipelines open networks in fp32, but a text encoder in what its configuration says."""
    said = json.loads(config.read_text("utf-8")) | {"dtype": "float32"}
    config.write_text(json.dumps(said, indent=2) + "\n", "utf-8")


def _forget_origin(config: Path) -> None:
    """Take out where a part was loaded from: a path of the machine it was trained on."""
    said = json.loads(config.read_text("utf-8"))
    said.pop("_name_or_path", None)
    config.write_text(json.dumps(said, indent=2) + "\n", "utf-8")


def _index() -> dict:
    """What diffusers needs to open the folder as a StableDiffusionPipeline."""
    return {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": diffusers.__version__,
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


@torch.no_grad()
def preview_factors(vae: AutoencoderKL) -> Tensor:
    """The matrix (C + 1, 3) that turns scaled latents into colours, fitted on 256 pictures."""
    drawn = torch.from_numpy(pictures.pool(1, 256)).float() / 255
    z = vae.encode(drawn * 2 - 1).latent_dist.mean * vae.config.scaling_factor
    return fit_factors(z, F.adaptive_avg_pool2d(drawn, z.shape[-2:]))
