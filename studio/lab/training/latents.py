"""Procedural clips as latents with their meanings, made once and read by every later stage."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional as F

from studio.engine.adapter_file import weights_identity
from studio.engine.device import in_half
from studio.engine.tensor_file import DAMAGE, read_sealed, save_sealed
from studio.lab.drawing import grammar, scenes
from studio.lab.drawing.grammar import Meaning
from studio.lab.training.text import KINDS
from studio.spec.progress import Progress, Tick, silent


@dataclass(frozen=True, slots=True)
class Clips:
    """`latents` (N, T, 4, 16, 16) scaled to unit deviation, `masks` (N, T, 16, 16) of the object
    in 0..1, both fp16; `meanings` one per clip."""

    latents: Tensor
    masks: Tensor
    meanings: tuple[Meaning, ...]


LATER = 24
"""Frames before and after its first clip in which a scene is looked at again."""


def at_first(rng: np.random.Generator) -> np.ndarray:
    """The times of a scene's first frames."""
    return np.arange(scenes.FRAMES)


def later(rng: np.random.Generator) -> np.ndarray:
    """As many frames from any other moment, as long clips are rolled out."""
    return rng.integers(-LATER, LATER) + np.arange(scenes.FRAMES)


def between(rng: np.random.Generator, rank: int) -> np.ndarray:
    """Two frames of the `rank`-th pass of interpolation and the three between them."""
    start = rng.integers(-LATER * 4 ** (rank - 1), LATER * 4 ** (rank - 1)) / 4 ** (rank - 1)
    return start + np.arange(5) / 4**rank


Times = Callable[[np.random.Generator], np.ndarray]


@torch.no_grad()
def make(
    vae: AutoencoderKL,
    seed: int,
    count: int,
    path: Path,
    *,
    times: Times = at_first,
    tick: Tick = silent,
) -> Clips:
    """Draw and encode `count` clips, or read them back if `path` already holds just these.

    `times` draws the moments, in frames, at which each scene is looked at.
    """
    made_for = {"seed": str(seed), "autoencoder": weights_identity(vae)}
    if path.exists() and (found := _found(path, count, made_for)):
        return found
    latents, masks, meanings = [], [], []
    for index in range(count):
        scene = teachable(
            np.random.default_rng((seed, index, 3)), times(np.random.default_rng((seed, index, 8)))
        )
        latents.append(encode(vae, scenes.draw(scene)).half())
        masks.append(object_mask(scene).half())
        meanings.append([k.index(w) for k, w in zip(KINDS, astuple(scene.meaning), strict=True)])
        tick(Progress("encoding clips", index + 1, count))
    whole = {
        "latents": torch.stack(latents),
        "masks": torch.stack(masks),
        "meanings": torch.tensor(meanings, dtype=torch.uint8),
    }
    save_sealed(path, whole, {**made_for, "version": "2"})
    return read(path)


def _found(path: Path, count: int, made_for: dict[str, str]) -> Clips | None:
    """The clips of a file that has as many, of the same seed and autoencoder as far as it says;
    None of another file, or of one that is damaged."""
    try:
        with safe_open(path, "pt") as file:
            said = file.metadata() or {}
            as_many = file.get_slice("meanings").get_shape()[0] == count
        if not as_many or any(said.get(name, value) != value for name, value in made_for.items()):
            return None
        return read(path)
    except DAMAGE:
        return None


def teachable(rng: np.random.Generator, times: np.ndarray | None = None) -> scenes.Scene:
    """A random scene whose (colour, shape, place) is not held out for the evaluation."""
    while True:
        meaning = scenes.random_meaning(rng)
        if not grammar.held_out(meaning):
            return scenes.random_scene(rng, meaning, times)


def read(path: Path) -> Clips:
    """The clips that `make` left at `path`."""
    tensors, _ = read_sealed(path)
    latents, masks = tensors["latents"], tensors["masks"]
    rows = tensors["meanings"].tolist()
    meanings = (Meaning(*(k[i] for k, i in zip(KINDS, row, strict=True))) for row in rows)
    return Clips(latents, masks, tuple(meanings))


def encode(vae: AutoencoderKL, frames: np.ndarray) -> Tensor:
    """Frames (T, H, W, 3) in 0..1 to scaled latents (T, 4, H/4, W/4) on the CPU; the posterior's
    mean."""
    x0 = torch.from_numpy(frames).permute(0, 3, 1, 2) * 2 - 1
    with in_half(vae.device) if vae.dtype == torch.float32 else nullcontext():
        mean = vae.encode(x0.to(vae.device, vae.dtype)).latent_dist.mean
    return mean.float().cpu() * vae.config.scaling_factor


def object_mask(scene: scenes.Scene) -> Tensor:
    """How much of each latent cell the object covers, (T, 16, 16) in 0..1."""
    cover = []
    for centre, radius in zip(scene.centres, scene.radii, strict=True):
        x, y = scenes.grid(centre)
        inside = scenes.outline(scene.meaning.shape, x / radius, y / radius) < 0.1
        cover.append(inside.astype(np.float32))
    return F.avg_pool2d(torch.from_numpy(np.stack(cover))[:, None], 4)[:, 0]
