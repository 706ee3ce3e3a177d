"""Contact sheets after a stage: reconstructions, pictures and clips from prompts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from torch import Tensor

from studio.engine.device import in_half, place_of
from studio.engine.diffusers_calls import config_of, decode_latents, encode_mean
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.lab.drawing.grammar import SHAPES
from studio.lab.drawing.scenes import FRAMES
from studio.lab.starter import animation, codec, image, leaves, places, reader
from studio.lab.starter.animation import Stage

STEPS, GUIDANCE = 20, 2.5
KINDS_SHOWN = ("character", "robot", "monster", "animal", "toy", "ball", "star", "heart")
PLACES_SHOWN = ("over grass", "in the sky", "on sand", "on a brick wall")
COLOURS_SHOWN = ("red", "blue", "yellow", "green")
CLIPS_SHOWN = (
    "a blue character with a green hat moving right over grass",
    "a red robot moving left on sand",
    "a green monster jumping in the sky",
    "an orange animal moving right quickly on snow",
    "a yellow toy spinning on water",
    "a purple monster waving at night",
    "a pink character growing on a brick wall",
    "a red ball moving left over grass",
    "a yellow star moving up in the night sky",
    "a blue square shrinking on sand",
    "a green heart moving down on water",
    "a red character standing still over grass the camera moves right",
)


@torch.no_grad()
def autoencoder(vae: AutoencoderKL, stage: Stage, seed: int, file: Path) -> dict[str, float]:
    """Pictures never trained on above what comes back of them; the mean PSNR of each kind in dB."""
    found: dict[str, float] = {}
    rows: list[Tensor] = []
    for kind, shown in _examples(stage, seed + 500).items():
        found[kind] = float(codec.decibels(vae, shown).mean())
        back = decode_latents(vae, encode_mean(vae, shown[:12] * 2 - 1)) / 2 + 0.5
        rows += [shown[:12], back]
    save(rows, file)
    return found


def _examples(stage: Stage, seed: int, count: int = 48) -> dict[str, Tensor]:
    rng, device = np.random.default_rng((seed, 8)), stage.canvases.device
    made = {}
    for kind, share in (("figures", 0.0), ("shapes", 1.0)):
        scene = animation.scenes(rng, count, stage.cast, stage.grounds, shapes=share)
        scene = replace(scene, camera=0 * scene.camera)
        made[kind] = stage.draw(scene, rng.uniform(0, FRAMES, (count, 1)))[:, 0]
    made["leaves"] = leaves.leaves(count, stage.size, places.generator(seed, device))
    return made


@torch.no_grad()
def single(unet: UNet2DConditionModel, vae: AutoencoderKL, words, encoder, file: Path) -> None:
    """Kinds down, places across, each with two seeds."""
    captions = [
        f"a {colour + ' ' if kind in SHAPES else ''}{kind} {place}"
        for kind in KINDS_SHOWN
        for place, colour in zip(PLACES_SHOWN, COLOURS_SHOWN, strict=True)
        for _ in range(2)
    ]
    device = place_of(unet)
    text, empty = (reader.encode(words, encoder, t).float() for t in (captions, [""]))
    both = torch.cat([empty.expand_as(text), text])
    start = _noise((len(captions), codec.CHANNELS, codec.CELLS, codec.CELLS), device)

    def denoise(x: Tensor, t: int) -> Tensor:
        with in_half(device):
            prediction = unet(torch.cat([x, x]), t, both).sample.float()
        return _guided(prediction)

    made = decoded(vae, ddim_sample(denoise, start))
    save(list(made.split(2 * len(PLACES_SHOWN))), file)


@torch.no_grad()
def clips(net: VideoUNet, vae: AutoencoderKL, words, encoder, file: Path) -> None:
    """One clip of words in each row."""
    device, count = place_of(net), len(CLIPS_SHOWN)
    text, empty = (reader.encode(words, encoder, t).float() for t in (CLIPS_SHOWN, [""]))
    both, config = torch.cat([empty.expand_as(text), text]), net.temporal.config
    levels = config_of(image.scheduler()).num_train_timesteps
    common = _noise((count, 1, codec.CHANNELS, codec.CELLS, codec.CELLS), device)
    start = common.expand(-1, FRAMES, -1, -1, -1).flatten(0, 1)

    def denoise(x: Tensor, t: int) -> Tensor:
        at = torch.full((2 * len(x),), t, device=device)
        with in_half(device):
            prediction = net(
                torch.cat([x, x]),
                at,
                both,
                frames=FRAMES,
                temporal_gate=config.temporal_gate(at / levels),
            )
        return _guided(prediction.float())

    save(list(decoded(vae, ddim_sample(denoise, start)).split(FRAMES)), file)


def ddim_sample(denoise, start: Tensor) -> Tensor:
    """DDIM sampling from noise (N, C, h, w) to latents."""
    scheduler: Any = image.scheduler()
    scheduler.set_timesteps(STEPS)
    x = start
    for t in scheduler.timesteps.tolist():
        x = scheduler.step(denoise(x, t), t, x).prev_sample
    return x


def decoded(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """Latents (N, C, h, w) to pictures (N, 3, H, W) in 0..1."""
    return torch.cat([decode_latents(vae, part) for part in latents.float().split(48)]) / 2 + 0.5


def save(rows: list[Tensor], file: Path) -> None:
    """Rows of pictures (N, 3, H, W) in 0..1, one below the other, as a PNG."""
    most = max(len(row) for row in rows)
    high, wide = rows[0].shape[-2:]
    sheet = torch.full((len(rows) * high, most * wide, 3), 255, dtype=torch.uint8)
    for k, row in enumerate(rows):
        line = (row.float().clamp(0, 1) * 255).round().to("cpu", torch.uint8)
        line = line.permute(2, 0, 3, 1).flatten(1, 2)
        sheet[k * high : (k + 1) * high, : line.shape[1]] = line
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet.numpy()).save(file)


def _guided(prediction: Tensor) -> Tensor:
    uncond, cond = prediction.chunk(2)
    return uncond + GUIDANCE * (cond - uncond)


def _noise(shape: tuple[int, ...], device: torch.device) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)
