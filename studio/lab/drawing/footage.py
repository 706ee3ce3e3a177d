"""Procedural footage, frames as pixels: scenes at every rate, and leaves that a camera passes over."""

import numpy as np

from studio.lab.drawing import grounds, pictures, scenes
from studio.spec.progress import Progress, Tick, silent

FRAMES = scenes.FRAMES
RATES = (1, 4, 16)
"""Frames a clip has for one of the keyframes' rate: none between, one pass of interpolation, two."""
PASSED = 0.35
"""How many of the clips show leaves that pass by; the others are scenes."""
FASTEST = 2.0
"""Pixels, of 64, that a camera moves from frame to frame at most."""
LEAVES_MARGIN = 4 / 3
"""How much wider than what is seen the leaves lie: a camera at its fastest stays over them."""

Rng = np.random.Generator


def clip(rng: Rng, size: int = grounds.SIZE) -> np.ndarray:
    """One clip, uint8 (FRAMES, size, size, 3)."""
    frames = passed(rng, size) if rng.random() < PASSED else scene(rng, size)
    return np.rint(frames * 255).astype(np.uint8)


def scene(rng: Rng, size: int = grounds.SIZE) -> np.ndarray:
    """A teachable scene at one of `RATES`, from any moment of it on; float32 in 0..1."""
    return scenes.draw(staged(rng), size=size)


def staged(rng: Rng) -> scenes.Scene:
    """The scene of `scene`, before it is drawn."""
    rate = rng.choice(RATES)
    start = rng.integers(-scenes.LATER * rate, scenes.LATER * rate)
    return scenes.teachable(rng, (start + np.arange(FRAMES)) / rate)


def passed(rng: Rng, size: int = grounds.SIZE) -> np.ndarray:
    """Leaves that a camera passes over evenly, or rests on; float32 in 0..1.

    Small clips are drawn twice as fine, so that it moves by halves of a pixel and edges stay soft.
    """
    return passage(rng, size)[0]


def passage(rng: Rng, size: int = grounds.SIZE) -> tuple[np.ndarray, np.ndarray]:
    """The frames of `passed`, and how far the camera moves from each to the next, (T - 1, 2) in
    pixels down and across: whole ones, in large clips."""
    fine = 2 if size <= grounds.SIZE else 1
    wide = pictures.dead_leaves(rng, size=fine * round(LEAVES_MARGIN * size))
    speed = rng.uniform(-FASTEST, FASTEST, 2) * rng.choice((0, 0.25, 1)) * size / grounds.SIZE
    room = len(wide) // fine - size
    path = np.outer(np.arange(FRAMES), speed)
    start = rng.uniform(0, room - np.ptp(path, 0)) - path.min(0)
    corners = np.rint(fine * (start + path)).astype(int)
    frames = np.stack([_window(wide, top, left, size, fine) for top, left in corners])
    return frames, np.diff(corners, axis=0) / fine


def _window(wide: np.ndarray, top: int, left: int, size: int, fine: int) -> np.ndarray:
    """What is seen from a place of a picture that is so many times finer."""
    view = wide[top : top + fine * size, left : left + fine * size]
    return view.reshape(size, fine, size, fine, 3).mean((1, 3))


def pool(seed: int, count: int, size: int = grounds.SIZE, *, tick: Tick = silent) -> np.ndarray:
    """`count` clips, uint8 (N, FRAMES, size, size, 3); the same for the same seed."""
    made = np.empty((count, FRAMES, size, size, 3), np.uint8)
    for index in range(count):
        made[index] = clip(np.random.default_rng((seed, index, 11)), size)
        tick(Progress("drawing footage", index + 1, count))
    return made
