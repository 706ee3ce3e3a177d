"""Pairs of small and ×4 clips: training data of a pixel upsampler."""

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from studio.engine.diffusers_calls import decode_latents, encode_mean
from studio.lab.starter import codec, footage
from studio.lab.starter.animation import Stage
from studio.lab.training.decoder import as_pictures
from studio.lab.training.frame_pairs import Pairs, as_bytes, shrunk
from studio.spec.progress import Progress, Tick, silent
from studio.spec.request import UPSCALE_FACTOR

WINDOW = 192
"""Pixels of the window that is kept of each large clip."""


@torch.no_grad()
def pairs(large: Stage, vae: AutoencoderKL, seed: int, count: int, *, tick: Tick = silent) -> Pairs:
    """Windows of clips at the upsampler's size, small ones of them, and these as the autoencoder
    gives them back."""
    found: dict[str, list[Tensor]] = {"large": [], "small": [], "kept": []}
    small_side, side = large.size // UPSCALE_FACTOR, WINDOW // UPSCALE_FACTOR
    for index in range(count):
        rng = np.random.default_rng((seed, index, 13))
        whole = footage.footage(large, seed * 100_003 + index, 1, portion=1)[0]
        small = shrunk(whole)
        back = decode_latents(vae, encode_mean(vae, as_pictures(small[None])))
        y, x = (int(at) for at in rng.integers(0, small_side - side + 1, 2))
        cut = slice(y, y + side), slice(x, x + side)
        found["small"].append(small[:, *cut].clone())
        found["kept"].append(as_bytes(back)[:, *cut].clone())
        top, left = UPSCALE_FACTOR * y, UPSCALE_FACTOR * x
        found["large"].append(whole[:, top : top + WINDOW, left : left + WINDOW].clone())
        tick(Progress("drawing large footage", index + 1, count))
    made = {name: torch.stack(parts) for name, parts in found.items()}
    return Pairs(**made, latents=torch.empty(0))


def large_stage(cast, grounds: int, seed: int, device: str) -> Stage:
    """A stage four times as large as what the video model makes."""
    return Stage.make(cast, grounds, UPSCALE_FACTOR * codec.SIZE, seed + 1, device)
