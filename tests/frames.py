"""Frames that can be told from one another."""

import numpy as np

SIZE = (32, 24)


def picture(take: int, number: int, size=SIZE) -> np.ndarray:
    """A frame that no other one is like."""
    made = np.zeros((size[1], size[0], 3), np.uint8)
    made[:] = (take * 40 + 30, number * 2 % 256, number // 2 % 256)
    made[:, number % size[0]] = 255
    return made
