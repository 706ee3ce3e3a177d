"""Trained networks as files: the starter's folder, a stock pipeline, and its upsampler in there."""

import json
from pathlib import Path

import diffusers
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.families.videoldm.family import DECODER
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.upsampler import FOLDER as UPSAMPLER
from studio.engine.families.videoldm.upsampler import TEMPORAL as OVER_TIME
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.preview import fit_factors
from studio.lab.drawing import pictures
from studio.lab.training import backbone, upsampler

TAUGHT = ("keyframes", "prediction", "interpolation")
CARD = """\
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
LARGER = {
    "decoder": DECODER,
    "upsampler": f"{UPSAMPLER}/unet/diffusion_pytorch_model.safetensors",
    "upsampler over time": f"{UPSAMPLER}/{OVER_TIME}",
    "upsampler autoencoder": f"{UPSAMPLER}/vae/diffusion_pytorch_model.safetensors",
}
"""Weights that lie beside those of `CARD` where they have been taught, by their roles."""
UPSAMPLING = """
[family.upsampling]
steps = 2
level = 100
tile = 24
overlap = 4
"""


def pack(
    folder: Path,
    vae: AutoencoderKL,
    words: CLIPTokenizer,
    encoder: CLIPTextModel,
    unet: UNet2DConditionModel,
    layers: TemporalLayers,
) -> Path:
    """Write a stock pipeline folder in fp16, with the temporal layers and its card beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    words.save_pretrained(folder / "tokenizer")
    factors = preview_factors(vae)
    for name, net in (("vae", vae), ("text_encoder", encoder), ("unet", unet)):
        net.half().save_pretrained(folder / name)
    _open_in_full_precision(folder / "text_encoder" / "config.json")
    backbone.scheduler().save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(pipeline_index(), indent=2) + "\n")
    notes = {"taught": json.dumps(TAUGHT), "preview_factors": json.dumps(factors.tolist())}
    layers.half().save(folder / "temporal.safetensors", "text_encoder", notes)
    for config in folder.glob("*/*config.json"):
        _forget_origin(config)
    (folder / "model.toml").write_text(card(folder))
    return folder


def card(folder: Path) -> str:
    """What the starter says of itself, with the parts that lie in its folder."""
    there = {role: file for role, file in LARGER.items() if (folder / file).is_file()}
    names = {role: f'"{role}"' if " " in role else role for role in there}
    lines = "".join(f'{names[role]} = "{file}"\n' for role, file in there.items())
    return CARD + lines + (UPSAMPLING if "upsampler" in there else "")


def pack_upsampler(folder: Path, net: VideoUNet, vae: AutoencoderKL | None = None) -> Path:
    """Write what `studio.engine.families.videoldm.upsampler.load` opens, in fp16; a latent one with its autoencoder."""
    folder.mkdir(parents=True, exist_ok=True)
    net.image.half().save_pretrained(folder / "unet")
    upsampler.scheduler().save_pretrained(folder / "scheduler")
    upsampler.low_scheduler().save_pretrained(folder / "low_res_scheduler")
    net.temporal.half().save(folder / OVER_TIME, "")
    if vae is not None:
        vae.half().save_pretrained(folder / "vae")
    for config in folder.glob("*/config.json"):
        _forget_origin(config)
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


def pipeline_index() -> dict:
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
    mean = vae.encode((drawn * 2 - 1).to(vae.device)).latent_dist.mean
    z = mean.cpu() * vae.config.scaling_factor
    return fit_factors(z, F.adaptive_avg_pool2d(drawn, z.shape[-2:]))
