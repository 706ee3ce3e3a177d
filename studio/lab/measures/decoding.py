"""Quality of temporal decoders: reconstruction, flicker, Fréchet distances, seams between chunks (Video
LDM's decoder table)."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from statistics import median

import numpy as np
import torch

from studio.engine.backbone import Backbone
from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.decoder import DecoderLayers
from studio.engine.families.videoldm.encode import encode
from studio.lab.drawing import footage
from studio.lab.drawing.grounds import SIZE
from studio.lab.measures import frechet
from studio.spec.frame_spans import DECODE_CHUNK, around, margin
from studio.spec.progress import silent

STREAM = 0x4445  # no other stream of the seed's
REAL = "real"
MIN_CHANGE = 0.1
"""Levels of 255: on average over a picture, a change that nobody sees, as rounding makes it."""
TREMBLE = 0.05
"""Deviation of the noise on latents that are decoded a second time: made ones tremble, too."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One clip: its `error` and its `flicker`, what its changes from frame to frame are amiss, and
    both `trembling`, where its latents do, in levels of 255; and its features (`frechet.of_clip`)."""

    error: float
    flicker: float
    trembling: tuple[float, float]
    frames: np.ndarray
    clip: np.ndarray


@dataclass(frozen=True, slots=True)
class Row:
    """Means over clips, and Fréchet distances times 1000: of clips and of single frames."""

    error: float
    flicker: float
    trembling_error: float
    trembling_flicker: float
    clips: float
    frames: float


@dataclass(frozen=True, slots=True)
class Joined:
    """How chunks lie together: the mean change between frames over their joins, of the median change
    inside them, and the same of the clip's `own` frames, whose motion need not be even; and how far
    chunked lies from whole, mean and most, in levels of 255."""

    join: float
    own: float
    apart: float
    most: float


def clip(seed: int, size: int = SIZE) -> np.ndarray:
    """Footage that no training saw, uint8 (T, size, size, 3)."""
    return footage.clip(np.random.default_rng((seed, STREAM)), size)


def look(
    backbone: Backbone, decoders: Mapping[str, DecoderLayers | None], seed: int, size: int = SIZE
) -> dict[str, Looked]:
    """One clip through each decoder, and as it was."""
    real = clip(seed, size)
    latents = encode(backbone, torch.from_numpy(real))
    noise = np.random.default_rng((seed, STREAM, 1)).standard_normal(latents.shape, np.float32)
    trembling = latents + TREMBLE * torch.from_numpy(noise)
    looked = {REAL: Looked(0.0, 0.0, (0.0, 0.0), *frechet.of_clip(backbone.vae, real))}
    for name, layers in decoders.items():
        frames, shaken = (decode(backbone, z, silent, layers).numpy() for z in (latents, trembling))
        features = frechet.of_clip(backbone.vae, frames)
        looked[name] = Looked(*amiss(frames, real), amiss(shaken, real), *features)
    return looked


def amiss(frames: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """The mean error of frames and that of their changes, in levels of 255."""
    apart = frames.astype(np.float32) - real
    return float(np.abs(apart).mean()), float(np.abs(np.diff(apart, axis=0)).mean())


def row(found: Sequence[Looked], real: Sequence[Looked]) -> Row:
    """The figures of one decoder beside the real clips."""
    clips, true_clips = (np.stack([each.clip for each in part]) for part in (found, real))
    frames, true_frames = (np.concatenate([each.frames for each in part]) for part in (found, real))
    return Row(
        float(np.mean([each.error for each in found])),
        float(np.mean([each.flicker for each in found])),
        float(np.mean([each.trembling[0] for each in found])),
        float(np.mean([each.trembling[1] for each in found])),
        1000 * frechet.distance(clips, true_clips),
        1000 * frechet.distance(frames, true_frames),
    )


def markdown(rows: Mapping[str, Row], joins: Mapping[str, Joined]) -> str:
    """The table of decoders, and that of joins where there are clips to see them on."""
    names = " | ".join(
        (
            *("error", "flicker", "error, trembling", "flicker, trembling"),
            *("Fréchet, clips", "Fréchet, frames"),
        )
    )
    lines = [f"| decoder | {names} |", "|---" * (len(fields(Row)) + 1) + "|"]
    lines += [f"| {name} | {_cells(astuple(row))} |" for name, row in rows.items()]
    if joins:
        lines += [
            "",
            "| clip | change over joins | its own there | chunked from whole | at most |",
            "|---|---|---|---|---|",
        ]
        lines += [f"| {name} | {_cells(astuple(found))} |" for name, found in joins.items()]
    return "\n".join(lines) + "\n"


def _cells(figures: Sequence[float]) -> str:
    return " | ".join(f"{figure:.2f}" for figure in figures)


def joined(backbone: Backbone, layers: DecoderLayers | None, frames: np.ndarray) -> Joined:
    """Frames uint8 (T, H, W, 3) through the decoder in the product's chunks and as a whole."""
    latents = encode(backbone, torch.from_numpy(frames))
    whole = decode(backbone, latents, silent, layers).numpy()
    chunked = in_chunks(backbone, layers, latents)
    apart = np.abs(chunked.astype(np.float32) - whole)
    return Joined(over_joins(chunked), over_joins(frames), float(apart.mean()), float(apart.max()))


def over_joins(frames: np.ndarray) -> float:
    """The mean change over joins, of the median change inside chunks."""
    change = np.abs(np.diff(frames.astype(np.float32), axis=0)).mean((1, 2, 3))
    over = np.arange(len(change)) % DECODE_CHUNK == DECODE_CHUNK - 1
    inside, join = median(change[~over]), change[over].mean()
    return float(max(join, MIN_CHANGE) / max(inside, MIN_CHANGE))


def in_chunks(
    backbone: Backbone, layers: DecoderLayers | None, latents: torch.Tensor
) -> np.ndarray:
    """Latents (T, C, h, w) to frames as a film decodes them, chunk by chunk."""
    parts = []
    for start in range(0, len(latents), DECODE_CHUNK):
        end = min(start + DECODE_CHUNK, len(latents))
        observed, context_before = around(
            list(latents), start, end, margin(layers is not None), loop=False
        )
        frames = decode(backbone, torch.stack(observed), silent, layers).numpy()
        parts.append(frames[context_before : context_before + end - start])
    return np.concatenate(parts)
