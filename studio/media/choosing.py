"""Which photos teach something: each picture once, large enough, as different as can be."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from studio.media.colour import MATTE
from studio.spec.refusal import Refusal

SMALLEST = 16
"""Pixels of the shorter side."""
LONGEST_SHAPE = 8
"""How many times as long as wide a photo may be."""
_SIDE = 16
_SAME = 1.0
"""Levels of 255 by which pictures differ that were only saved again."""


def check_teaches(name: str, pixels: np.ndarray) -> None:
    """Refuse a photo, uint8 (H, W, 3), shrunk or whole, from which nothing can be learned."""
    short, long = sorted(pixels.shape[:2])
    if long > LONGEST_SHAPE * short:
        raise Refusal(f"{name} is a strip, {long // short} times as long as wide.", "Cut it.")
    if short < SMALLEST:
        raise Refusal(
            f"{name} is too small to learn from.", f"Use sides of {SMALLEST} pixels or more."
        )
    if (pixels == MATTE).all():
        raise Refusal(f"{name} is transparent or grey all over.", "Leave it out.")


def look(pixels: np.ndarray) -> np.ndarray:
    """What a photo, uint8 (H, W, 3), looks like from afar: (768,) from 0 to 255."""
    small = Image.fromarray(np.ascontiguousarray(pixels)).resize(
        (_SIDE, _SIDE), Image.Resampling.BOX
    )
    return np.asarray(small, np.float32).ravel()


def double_of(new: np.ndarray, looks: Sequence[np.ndarray]) -> int | None:
    """Which of these looks the same, whatever its file says."""
    for number, known in enumerate(looks):
        if np.abs(known - new).mean() < _SAME and np.abs(known - new).max() < 8 * _SAME:
            return number
    return None


def most_different(looks: Sequence[np.ndarray], count: int) -> list[int]:
    """The numbers of `count` photos, in their order, each as far as can be from all others chosen.

    Farthest-point sampling (Gonzalez 1985) from the photo nearest to the mean; of equals the first.
    """
    points = np.stack(looks)
    chosen = [int(np.argmin(np.square(points - points.mean(0)).sum(1)))]
    nearest = np.full(len(points), np.inf)
    while len(chosen) < min(count, len(points)):
        nearest = np.minimum(nearest, np.square(points - points[chosen[-1]]).sum(1))
        nearest[chosen] = -1
        chosen.append(int(np.argmax(nearest)))
    return sorted(chosen)
