"""Quality of temporal upsamplers, beside their own image network, bicubic and Lanczos."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from studio.engine.backbone import Backbone
from studio.engine.device import Device
from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.encode import encode
from studio.engine.families.videoldm.upsample import upsample
from studio.engine.families.videoldm.upsampler import Upsampler, load
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.roles import UpscaleSpec
from studio.engine.tiles import Tiling
from studio.lab.drawing import footage, scenes
from studio.lab.measures import frechet, regions
from studio.lab.measures.starter import FrameByFrame
from studio.lab.training import frame_pairs
from studio.spec.progress import silent
from studio.spec.request import UPSCALE_FACTOR, Upsampling

STREAM = 0x5550  # no other stream of the seed's
REAL = "real"
RESAMPLED = {"bicubic": Image.Resampling.BICUBIC, "Lanczos": Image.Resampling.LANCZOS}
MARGIN = 8
"""Pixels around an object that do not count as ground: its soft edge is in there."""


@dataclass(frozen=True, slots=True)
class Filmed:
    """Footage whose motion is known: `frames` uint8 (T, H, W, 3); from each to the next what is
    seen moves by `moved` (T - 1, 2), whole pixels up and left, where `known` (T, H, W) is true."""

    frames: np.ndarray
    moved: np.ndarray
    known: np.ndarray


@dataclass(frozen=True, slots=True)
class Looked:
    """One clip: mean `error`; `flicker`, what its changes from frame to frame are amiss;
    `warping`, how far each frame lies from the next one moved back, all in levels of 255;
    `sharpness`, its mean gradient, of the true clip's; and features of its frames."""

    error: float
    flicker: float
    warping: float
    sharpness: float
    features: np.ndarray


@dataclass(frozen=True, slots=True)
class Row:
    """Means over clips, and the Fréchet distance of frames times 1000."""

    error: float
    flicker: float
    warping: float
    sharpness: float
    frames: float


def filmed(seed: int, size: int) -> Filmed:
    """Footage that no training saw."""
    rng = np.random.default_rng((seed, STREAM))
    if rng.random() < footage.PASSED:
        frames, moved = footage.passage(rng, size)
        known = np.ones(frames.shape[:3], bool)
    else:
        scene = footage.staged(rng)
        frames, moved = scenes.draw(scene, size=size), np.zeros((footage.FRAMES - 1, 2))
        known = ~regions.dilated(_objects(scene, size), MARGIN)
    return Filmed(np.rint(frames * 255).astype(np.uint8), np.rint(moved).astype(int), known)


def _objects(scene: scenes.Scene, size: int) -> np.ndarray:
    """Where the object is in each frame, bool (T, size, size)."""
    found = []
    for centre, radius in zip(scene.centres, scene.radii, strict=True):
        x, y = scenes.grid(centre, size)
        found.append(scenes.outline(scene.meaning.shape, x / radius, y / radius) < 0)
    return np.stack(found)


def look(
    video: VideoModel, folders: Sequence[Path], how: Upsampling, seed: int, size: int
) -> dict[str, Looked]:
    """One clip made small and larger again in every way: what is seen of each, and of the real."""
    film = filmed(seed, size)
    made = {REAL: film.frames} | enlargements(video, folders, how, seed, size)
    return {name: _looked(video.backbone, film, frames) for name, frames in made.items()}


def enlargements(
    video: VideoModel, folders: Sequence[Path], how: Upsampling, seed: int, size: int
) -> dict[str, np.ndarray]:
    """Frames that are small and went through the autoencoder, as the product's do, made larger:
    resampled, and by the upsamplers in `folders`."""
    small = frame_pairs.shrunk(torch.from_numpy(filmed(seed, size).frames))
    small = decode(video.backbone, encode(video.backbone, small), silent, video.decoder).numpy()
    made = {name: resampled(small, way) for name, way in RESAMPLED.items()}
    for folder in folders:
        model = opened(folder, video.backbone.device)
        for way, net in ways(model):
            made[f"{kind(model)}, {way}"] = upscaled(net, small, how, seed)
    return made


@cache
def opened(folder: Path, device: Device) -> Upsampler:
    """The upsampler in a folder, opened once in each process, or while all are `kept_open`."""
    return load(folder, device)


@contextmanager
def kept_open() -> Iterator[None]:
    """Upsamplers that are opened within are let go of at its end."""
    try:
        yield
    finally:
        opened.cache_clear()


def kind(model: Upsampler) -> str:
    """On what an upsampler works."""
    return "pixels" if model.vae is None else "latents"


def ways(model: Upsampler) -> tuple[tuple[str, Upsampler], ...]:
    """The image network alone, each frame from noise of its own or all from one; and all of it."""
    alone: Any = FrameByFrame(model.net)
    of_one_noise: Any = FrameByFrame(model.net, 1.0)
    return (
        ("frame by frame", replace(model, net=alone)),
        ("frame by frame, one noise", replace(model, net=of_one_noise)),
        ("over time", model),
    )


def upscaled(model: Upsampler, small: np.ndarray, how: Upsampling, seed: int) -> np.ndarray:
    """Frames uint8 (T, h, w, 3) made larger by an upsampler, (T, 4 h, 4 w, 3)."""
    tiling = Tiling(how.tile, how.overlap)
    spec = UpscaleSpec(tuple(range(len(small))), seed, how.steps, how.level, tiling)
    return upsample(model, torch.from_numpy(small), spec, silent).numpy()


def resampled(small: np.ndarray, how: Image.Resampling) -> np.ndarray:
    """Frames uint8 (T, h, w, 3) resampled, (T, 4 h, 4 w, 3)."""
    size = UPSCALE_FACTOR * small.shape[2], UPSCALE_FACTOR * small.shape[1]
    return np.stack([np.asarray(Image.fromarray(frame).resize(size, how)) for frame in small])


def _looked(backbone: Backbone, film: Filmed, frames: np.ndarray) -> Looked:
    amiss = frames.astype(np.float32) - film.frames
    return Looked(
        float(np.abs(amiss).mean()),
        float(np.abs(np.diff(amiss, axis=0)).mean()),
        warping(frames, film.moved, film.known),
        sharpness(frames) / sharpness(film.frames),
        frechet.of_clip(backbone.vae, frames)[0],
    )


def warping(frames: np.ndarray, moved: np.ndarray, known: np.ndarray) -> float:
    """How far frames lie from those after them, moved back: levels of 255, where both are known."""
    apart = []
    for t, (down, across) in enumerate(moved):
        here, there = _overlap(frames.shape[1], down), _overlap(frames.shape[2], across)
        now, then = (here[0], there[0]), (here[1], there[1])
        both = known[t][now] & known[t + 1][then]
        change = np.abs(frames[t][now].astype(np.float32) - frames[t + 1][then])
        apart.append(change[both].mean())
    return float(np.mean(apart))


def _overlap(length: int, moved: int) -> tuple[slice, slice]:
    """What of a side is still seen after a move, before it and after it."""
    low, high = max(0, moved), length + min(0, moved)
    return slice(low, high), slice(low - moved, high - moved)


def sharpness(frames: np.ndarray) -> float:
    """The mean gradient of frames uint8 (T, H, W, 3), levels of 255 a pixel."""
    levels = frames.astype(np.float32).mean(-1)
    down, across = np.diff(levels, axis=1)[:, :, :-1], np.diff(levels, axis=2)[:, :-1]
    return float(np.hypot(down, across).mean())


def row(found: Sequence[Looked], real: Sequence[Looked]) -> Row:
    """The figures of one way beside the real clips."""
    features, true_features = (
        np.concatenate([each.features for each in part]) for part in (found, real)
    )
    means = {
        name: float(np.mean([getattr(each, name) for each in found]))
        for name in ("error", "flicker", "warping", "sharpness")
    }
    return Row(**means, frames=1000 * frechet.distance(features, true_features))


def markdown(rows: Mapping[str, Row]) -> str:
    """The table of the model card."""
    names = "error | flicker | warping | sharpness | Fréchet, frames"
    lines = [f"| frames made larger | {names} |", "|---" * (len(fields(Row)) + 1) + "|"]
    lines += [
        f"| {name} | {' | '.join(f'{figure:.2f}' for figure in astuple(each))} |"
        for name, each in rows.items()
    ]
    return "\n".join(lines) + "\n"


def example(
    video: VideoModel, folders: Sequence[Path], how: Upsampling, seed: int, size: int
) -> list[np.ndarray]:
    """The middle frame of a clip in every way and as it is, uint8 (H, W, 3) each."""
    made = [*enlargements(video, folders, how, seed, size).values(), filmed(seed, size).frames]
    return [frames[len(frames) // 2] for frames in made]


def picture_sheet(examples: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """A row for each clip, uint8 (H, W, 3)."""
    return np.concatenate([np.concatenate(list(row), 1) for row in examples])
