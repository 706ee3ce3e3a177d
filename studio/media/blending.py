"""Blending: two frames mixed in between, as the player shows them and every export writes them."""

import numpy as np

WHOLE = 256


def blended(first: np.ndarray, second: np.ndarray, share: int) -> np.ndarray:
    """Two frames of one size, uint8 (H, W, 3), mixed linearly: `share` of 256 of the second one."""
    mixed = first.astype(np.uint16) * (WHOLE - share) + second.astype(np.uint16) * share
    return ((mixed + WHOLE // 2) >> 8).astype(np.uint8)
