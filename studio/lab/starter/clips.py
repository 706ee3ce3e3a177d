"""Clips as latents with their captions, drawn and encoded once on the device and kept there."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from studio.engine.checkpoints.tensor_file import DAMAGE, read_sealed, save_sealed
from studio.engine.device import in_half
from studio.engine.diffusers_calls import encode_mean
from studio.engine.lora.adapter_file import weights_identity
from studio.lab.drawing.scenes import FRAMES, LATER
from studio.lab.starter import animation, reader, wording
from studio.lab.starter.animation import Stage
from studio.lab.starter.codec import CELLS
from studio.lab.starter.wording import Meanings
from studio.spec.progress import Progress, Tick, silent

CAPTIONS_PER_CLIP = 4
"""Captions that are made up for every clip, in other words each time."""
TOKEN_PROBABILITY = 0.1
"""Share of the captions of figures that hold a token of the individual's own."""
PORTION = 16
"""Clips that are drawn and encoded at once."""

Times = Callable[[np.random.Generator, int], np.ndarray]


def at_first(rng: np.random.Generator, count: int) -> np.ndarray:
    """The first frames of every scene (count, FRAMES)."""
    return np.tile(np.arange(FRAMES, dtype=float), (count, 1))


def later(rng: np.random.Generator, count: int) -> np.ndarray:
    """As many from any other moment, as long clips are rolled out."""
    return rng.integers(-LATER, LATER, (count, 1)) + np.arange(FRAMES, dtype=float)


def between(rng: np.random.Generator, count: int, pass_index: int) -> np.ndarray:
    """Two frames of a pass of interpolation and the three between them (count, 5)."""
    finer = 4 ** (pass_index - 1)
    start = rng.integers(-LATER * finer, LATER * finer, (count, 1)) / finer
    return start + np.arange(5) / 4**pass_index


@dataclass(frozen=True, slots=True)
class Clips:
    """`latents` (N, T, C, h, w) and `masks` (N, T, h, w) of the object in 0..1, both fp16; what they
    show; `texts` (N, CAPTIONS_PER_CLIP, L, D) fp16, and `vague`, in which looks and place are left
    open; `empty` (L, D) is no caption at all."""

    latents: Tensor
    masks: Tensor
    meant: Meanings
    texts: Tensor
    vague: Tensor
    empty: Tensor

    def __len__(self) -> int:
        return len(self.latents)


@torch.no_grad()
def make(
    stage: Stage,
    vae: AutoencoderKL,
    words,
    encoder,
    seed: int,
    count: int,
    *,
    times: Times = at_first,
    shapes: float = 0.35,
    portion: int = PORTION,
    seconds: float | None = None,
    folder: Path | None = None,
    tick: Tick = silent,
) -> Clips:
    """Draw and encode `count` clips, or as many as `seconds` allow; the same for the same seed.

    With a `folder` every portion is kept there, and a training in slices draws each clip once.
    """
    portions: list[dict[str, Tensor]] = []
    began, place = time.monotonic(), stage.canvases.device
    kept = folder and folder / f"{seed}-{portion}-{weights_identity(vae)[:12]}"
    for first in range(0, count, portion):
        some = min(portion, count - first)
        file = kept and kept / f"{first}-{some}.safetensors"
        found = file and _kept(file)
        if found is None:
            found = _draw(stage, vae, np.random.default_rng((seed, first, 3)), some, times, shapes)
            if file:
                save_sealed(file, found, {"version": "2"})
        portions.append({name: tensor.to(place) for name, tensor in found.items()})
        tick(Progress("drawing clips", first + some, count))
        if seconds is not None and time.monotonic() - began > seconds:
            break
    whole = {name: torch.cat([part[name] for part in portions]) for name in portions[0]}
    meant = Meanings(whole["meant"].cpu().numpy())
    names = [token_of(who) if who >= 0 else "" for who in whole["who"].tolist()]
    texts, vague = encode_captions(words, encoder, meant, names, seed)
    empty = reader.encode(words, encoder, [""])[0]
    return Clips(whole["latents"], whole["masks"], meant, texts, vague, empty)


def _kept(file: Path) -> dict[str, Tensor] | None:
    """A portion that was drawn before; None where there is none, or it is damaged."""
    try:
        return read_sealed(file)[0]
    except DAMAGE:
        return None


def _draw(
    stage: Stage,
    vae: AutoencoderKL,
    rng: np.random.Generator,
    count: int,
    times: Times,
    shapes: float,
) -> dict[str, Tensor]:
    """Latents, masks, meanings, and who is seen (-1 for a shape), of `count` clips."""
    scene = animation.scenes(rng, count, stage.cast, stage.grounds, shapes=shapes)
    at = times(rng, count)
    pictures = stage.draw(scene, at).flatten(0, 1) * 2 - 1
    with in_half(pictures.device):
        z = encode_mean(vae, pictures)
    return {
        "latents": z.half().unflatten(0, at.shape),
        "masks": stage.masks(scene, at, CELLS).half(),
        "meant": torch.from_numpy(wording.meanings(scene, stage.cast).columns),
        "who": torch.from_numpy(np.where(scene.is_figure, scene.who, -1)),
    }


def encode_captions(
    words, encoder, meant: Meanings, names: list[str], seed: int
) -> tuple[Tensor, Tensor]:
    """Embedded captions (N, CAPTIONS_PER_CLIP, L, D): in full, and vague."""
    rng = np.random.default_rng((seed, 6))
    full, vaguely = [], []
    hidden = dict.fromkeys(("colour", "kind", "hat", "hat_colour", "ears"), 1.0) | {"place": 0.5}
    for _ in range(CAPTIONS_PER_CLIP):
        some = [name if rng.random() < TOKEN_PROBABILITY else "" for name in names]
        full += wording.captions(rng, meant, some)
        open_ones = wording.left_open(rng, meant, wording.DROPPED | hidden)
        chances = rng.random((len(meant), wording.CHANCES)).tolist()
        vaguely += [
            wording.caption(chances[k], row) for k, row in enumerate(open_ones.columns.tolist())
        ]
    shape = (CAPTIONS_PER_CLIP, len(meant))
    return tuple(
        reader.encode(words, encoder, captions).unflatten(0, shape).transpose(0, 1).contiguous()
        for captions in (full, vaguely)
    )  # pyright: ignore[reportReturnType]


def token_of(number: int) -> str:
    """A token of an individual's own: letters that mean nothing."""
    rng = np.random.default_rng((number, 79))
    return "".join(chr(97 + k) for k in rng.integers(0, 26, 4))
