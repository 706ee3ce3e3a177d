"""Trained parts as a model's folder: a stock pipeline, with what we add beside it."""

import json
import shutil
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from torch.nn import functional as F

from studio.engine.diffusers_calls import encode_mean, to_device
from studio.engine.families.videoldm import upsampler
from studio.engine.families.videoldm.family import DECODER, TEMPORAL
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.preview import fit_factors
from studio.lab.drawing import card_files
from studio.lab.drawing.grammar import PLACES
from studio.lab.starter import codec, image, wording
from studio.lab.starter.animation import Stage
from studio.lab.starter.places import view
from studio.lab.training.packing import forget_origin

CARD = """\
words = "words.toml"

[family]
id = "starter"
name = "Starter"
native_fps = "1.5"
frames_per_call = 8
most_frames = 16
size = 128
size_multiple = 32
largest = 256
steps = 20
guidance = 2.5
passes = {passes}
predicts = {predicts}
walked = [1.0, 0.4, 0.0, 0.0]
notice = "A 128-pixel demonstration; add a model for real quality."

[weights]
image = "unet/diffusion_pytorch_model.safetensors"
temporal = "temporal.safetensors"
text = "text_encoder/model.safetensors"
autoencoder = "vae/diffusion_pytorch_model.safetensors"
"""
BESIDE = {
    "decoder": DECODER,
    "upsampler": f"{upsampler.FOLDER}/unet/diffusion_pytorch_model.safetensors",
    "upsampler over time": f"{upsampler.FOLDER}/{upsampler.TEMPORAL}",
}
"""Weights that lie beside those of `CARD` where they have been taught, by their roles."""
UPSAMPLING = """
[family.upsampling]
steps = 1
level = 100
tile = 48
overlap = 8
"""
SUBJECTS = """
[subjects]
lora_rate = 1.5e-3
dreambooth_rate = 2e-4
batch = 6
prior_batch = 2
steps = 600
prior_weight = 0.3

[subjects.paths]
across = {across}
upright = {upright}
in_place = {in_place}
places = {places}
grounds = "grounds.png"
sizes = [0.8, 1.1]
cut_out = true
"""
"""How subjects are taught to it, which stand where the words have the things of its clips."""
UPRIGHT, ACROSS = ("up", "down"), ("left", "right")
COPIED = ("tokenizer", "text_encoder", "vae", "unet")


def pack(parts: Path, folder: Path, stage: Stage) -> Path:
    """Write the model of finished `parts` into `folder`, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in COPIED:
        shutil.copytree(parts / name, folder / name)
    image.scheduler().save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(pipeline_index(), indent=2) + "\n", "utf-8")
    _pack_layers(parts, folder, stage)
    if (parts / "decoder").exists():
        shutil.copy(parts / "decoder" / DECODER, folder)
    if (parts / "upsampler").exists():
        shutil.copytree(parts / "upsampler", folder / upsampler.FOLDER)
    for config in folder.glob("**/config.json"):
        forget_origin(config)
    card_files.write_words(folder, wording.VOCABULARY)
    card_files.write_grounds(folder, grounds(stage))
    (folder / "model.toml").write_text(card(folder, fills=_fills(parts)), "utf-8")
    return folder


def _fills(parts: Path) -> bool:
    """Whether the layers have learned to fill around frames that are given."""
    return (parts / "given").exists()


def _pack_layers(parts: Path, folder: Path, stage: Stage) -> None:
    unet = UNet2DConditionModel.from_pretrained(
        parts / "unet", local_files_only=True, torch_dtype=torch.float32
    )
    vae = AutoencoderKL.from_pretrained(
        parts / "vae", local_files_only=True, torch_dtype=torch.float32
    )
    source = parts / ("given" if _fills(parts) else "temporal") / TEMPORAL
    layers, _ = TemporalLayers.load(source, unet)
    taught = ("keyframes", *(("prediction", "interpolation") if _fills(parts) else ()))
    factors = preview_factors(to_device(vae, stage.canvases.device), stage)
    notes = {"taught": json.dumps(taught), "preview_factors": json.dumps(factors.tolist())}
    layers.half().save(folder / TEMPORAL, "text_encoder", notes)


def card(folder: Path, *, fills: bool) -> str:
    """What the starter says of itself, with the parts that lie in its folder."""
    there = {role: file for role, file in BESIDE.items() if (folder / file).is_file()}
    names = {role: f'"{role}"' if " " in role else role for role in there}
    lines = "".join(f'{names[role]} = "{file}"\n' for role, file in there.items())
    card = CARD.format(passes=2 if fills else 0, predicts="true" if fills else "false")
    return card + lines + (UPSAMPLING if "upsampler" in there else "") + subjects()


def subjects() -> str:
    """What the card says of subjects: the plain phrases of motions by their way, and of places."""
    plain = {word: phrases[0] for word, phrases in wording.PHRASES["motion"].items()}
    ways = {
        "across": [plain[word] for word in ACROSS],
        "upright": [plain[word] for word in UPRIGHT],
        "in_place": [phrases for word, phrases in plain.items() if word not in ACROSS + UPRIGHT],
        "places": [wording.PHRASES["place"][place][0] for place in PLACES],
    }
    return SUBJECTS.format(**{name: json.dumps(phrases) for name, phrases in ways.items()})


def grounds(stage: Stage) -> list[np.ndarray]:
    """The places as clips show them at rest, of each uint8 (N, S, S, 3)."""
    made = []
    for canvases in stage.canvases[:, : card_files.PER_PLACE].float():
        still, near = torch.zeros(len(canvases), 2), torch.ones(len(canvases))
        shown = view(canvases, still.to(canvases.device), near.to(canvases.device), stage.size)
        pictures = (shown.clamp(0, 1) * 255).round().to(torch.uint8)
        made.append(pictures.permute(0, 2, 3, 1).cpu().numpy())
    return made


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


PREVIEWED = 256
"""Pictures on which colours of latents are fitted."""


@torch.no_grad()
def preview_factors(vae: AutoencoderKL, stage: Stage) -> Tensor:
    """The matrix (C + 1, 3) that turns latents into colours, fitted on drawn pictures."""
    drawn = codec.pictures(stage, 1, PREVIEWED).float() / 255
    z = torch.cat([encode_mean(vae, part * 2 - 1) for part in drawn.split(32)]).cpu()
    return fit_factors(z, F.adaptive_avg_pool2d(drawn, (z.shape[-2], z.shape[-1])).cpu())
