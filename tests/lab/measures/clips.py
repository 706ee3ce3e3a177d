"""Real clips for the measures' tests, clean and worn."""

import io

import numpy as np
from PIL import Image

from studio.lab.drawing import scenes
from studio.lab.drawing.grammar import Meaning
from studio.lab.measures import oracle


def judged_meaning(seed: int) -> Meaning:
    rng = np.random.default_rng((seed, 771))
    drawn = iter(lambda: scenes.random_meaning(rng), None)
    return next(m for m in drawn if oracle.judged(m))


def scene(seed: int, meaning: Meaning | None = None) -> scenes.Scene:
    rng = np.random.default_rng((seed, 772))
    return scenes.random_scene(rng, meaning or judged_meaning(seed))


def drawn(what: scenes.Scene) -> np.ndarray:
    return np.rint(scenes.draw(what) * 255).astype(np.uint8)


def clip(seed: int, **said: str) -> np.ndarray:
    """A clip of a meaning whose gaps are "red ball left over snow, normal, normally"."""
    plain = {"colour": "red", "shape": "ball", "place": "snow", "motion": "left"}
    rest = {"size": "normal", "speed": "normally"}
    return drawn(scene(seed, Meaning(**{**plain, **rest, **said})))


def worn(frames: np.ndarray, seed: int = 0) -> np.ndarray:
    """Blurred, noisy and through JPEG with full chroma: worse than the starter's autoencoder."""
    padded = np.pad(frames.astype(np.float32), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    soft = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4
    noisy = soft + np.random.default_rng(seed).normal(0, 6, soft.shape)
    return np.stack([_jpeg(f) for f in np.clip(np.rint(noisy), 0, 255).astype(np.uint8)])


def _jpeg(frame: np.ndarray) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(frame).save(stream, "JPEG", quality=60, subsampling=0)
    return np.asarray(Image.open(stream))
