"""Letterboxing: a picture as large as it fits into a frame, whole and in the middle, black around.

The player and every export show frames through this one function.
"""

import numpy as np
from PIL import Image

from studio.media.formats import Size


def letterboxed(frame: np.ndarray, size: Size) -> np.ndarray:
    """`frame`, uint8 (H, W, 3), within `size` (width, height); itself where it has that size."""
    height, width = frame.shape[:2]
    if (width, height) == size:
        return frame
    scale = min(size[0] / width, size[1] / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    shown = np.asarray(Image.fromarray(frame).resize(inner, Image.Resampling.LANCZOS))
    if inner == size:
        return shown
    boxed = black(size)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    boxed[top : top + inner[1], left : left + inner[0]] = shown
    return boxed


def black(size: Size) -> np.ndarray:
    """A black frame, uint8 (H, W, 3), of `size` (width, height)."""
    return np.zeros((size[1], size[0], 3), np.uint8)
