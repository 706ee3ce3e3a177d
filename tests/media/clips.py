"""Clips to write and measure."""

from collections.abc import Iterator

import numpy as np

SKIN = (224, 172, 105)


def patches(side: int = 256, frames: int = 6) -> list[np.ndarray]:
    """Eight flat colours, a skin tone among them, over a ramp from black to white."""
    colours = [SKIN, (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128), (20, 30, 60),
               (250, 240, 20), (141, 85, 36)]  # fmt: skip
    frame = np.zeros((side, side, 3), np.uint8)
    frame[: side // 2] = np.repeat(np.array(colours, np.uint8), side // 8, 0)
    frame[side // 2 :] = np.linspace(0, 255, side).round().astype(np.uint8)[:, None]
    return [frame] * frames


def noise(frames: int, size: tuple[int, int] = (32, 24), seed: int = 0) -> Iterator[np.ndarray]:
    """Frames (width, height) of which no two are alike."""
    rng = np.random.default_rng(seed)
    for _ in range(frames):
        yield rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
