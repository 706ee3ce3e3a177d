"""Pairs of small and ×4 footage: training data of upsamplers, made once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from studio.engine.checkpoints.tensor_file import DAMAGE, read_sealed, save_sealed
from studio.engine.diffusers_calls import config_of, decode_latents, encode_mean
from studio.engine.lora.adapter_file import weights_identity
from studio.lab.drawing import footage, grounds
from studio.lab.training.decoder import as_pictures
from studio.spec.progress import Progress, Tick, silent
from studio.spec.request import UPSCALE_FACTOR

LARGE = UPSCALE_FACTOR * grounds.SIZE
WINDOW = 128
"""Pixels of the window that is kept of each large clip."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Windows of N clips, uint8: `large` (N, T, 128, 128, 3), `small` (N, T, 32, 32, 3) and
    `kept`, small ones as the video model's autoencoder gives them back; `latents`, scaled, fp16
    (N, T, C, h, w) of the large ones."""

    large: Tensor
    small: Tensor
    kept: Tensor
    latents: Tensor


@torch.no_grad()
def make(vae: AutoencoderKL, seed: int, count: int, path: Path, *, tick: Tick = silent) -> Pairs:
    """Draw and encode `count` pairs, or read them back if `path` holds as many of this seed."""
    if path.exists() and (found := _read(path, seed, count, weights_identity(vae))):
        return found
    parts: dict[str, list[Tensor]] = {"large": [], "small": [], "kept": [], "latents": []}
    for index in range(count):
        for name, part in _pair(vae, np.random.default_rng((seed, index, 13))).items():
            parts[name].append(part)
        tick(Progress("drawing footage", index + 1, count))
    whole = {name: torch.stack(part) for name, part in parts.items()}
    save_sealed(
        path, whole, {"seed": str(seed), "autoencoder": weights_identity(vae), "version": "2"}
    )
    return Pairs(**whole)


def _read(path: Path, seed: int, count: int, autoencoder: str) -> Pairs | None:
    """The pairs of a file, if it has as many of this seed and autoencoder; None if it is damaged."""
    try:
        tensors, metadata = read_sealed(path)
        found = Pairs(**tensors)
    except DAMAGE:
        return None
    mine = (
        metadata.get("seed") == str(seed)
        and metadata.get("autoencoder", autoencoder) == autoencoder
    )
    return found if mine and len(found.large) == count else None


def _pair(vae: AutoencoderKL, rng: np.random.Generator) -> dict[str, Tensor]:
    whole = torch.from_numpy(footage.clip(rng, LARGE))
    small = shrunk(whole)
    through = decode_latents(vae, encode_mean(vae, as_pictures(small[None]).to(vae.device)))
    y, x = (int(at) for at in rng.integers(0, (LARGE - WINDOW) // UPSCALE_FACTOR + 1, 2))
    side = WINDOW // UPSCALE_FACTOR
    large = whole[:, UPSCALE_FACTOR * y :][:, :WINDOW, UPSCALE_FACTOR * x :][:, :, :WINDOW]
    mean = encode_mean(vae, as_pictures(large[None]).to(vae.device)).cpu()
    return {
        "large": large.contiguous(),
        "small": small[:, y : y + side, x : x + side].contiguous(),
        "kept": as_bytes(through.cpu())[:, y : y + side, x : x + side].contiguous(),
        "latents": (mean * config_of(vae).scaling_factor).half(),
    }


def shrunk(frames: Tensor) -> Tensor:
    """Frames uint8 (T, H, W, 3), each 4 × 4 pixels their mean: (T, H/4, W/4, 3)."""
    cells = frames.float().unflatten(2, (-1, UPSCALE_FACTOR)).unflatten(1, (-1, UPSCALE_FACTOR))
    return cells.mean((2, 4)).round().to(torch.uint8)


def as_bytes(pictures: Tensor) -> Tensor:
    """Pictures (T, 3, H, W) in -1..1 → uint8 (T, H, W, 3)."""
    return pictures.permute(0, 2, 3, 1).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
