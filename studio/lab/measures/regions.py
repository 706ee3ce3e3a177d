"""Connected regions of boolean pictures, in numpy alone."""

import numpy as np


def labels(masks: np.ndarray) -> np.ndarray:
    """Number the 8-connected regions of bool (T, H, W); int (T, H, W), 0 outside.

    Every pixel takes the smallest number around it, then the number that its number took: the
    second step is what ends a spiral in a few rounds instead of a few hundred.
    """
    count = masks.size
    here = np.where(masks, np.arange(1, count + 1).reshape(masks.shape), 0)
    while True:
        smallest = _smallest_around(np.where(masks, here, count + 1), count + 1)
        smallest = np.where(masks, smallest, 0)
        table = np.concatenate([[0], smallest.ravel()])
        jumped = table[smallest]
        if np.array_equal(jumped, here):
            return here
        here = jumped


def _smallest_around(numbers: np.ndarray, outside: int) -> np.ndarray:
    height, width = numbers.shape[1:]
    padded = np.pad(numbers, ((0, 0), (1, 1), (1, 1)), constant_values=outside)
    rows = np.minimum.reduce([padded[:, :, i : i + width] for i in range(3)])
    return np.minimum.reduce([rows[:, i : i + height] for i in range(3)])


def largest(masks: np.ndarray) -> np.ndarray:
    """The largest region of each picture, bool (T, H, W); all False where a picture has none."""
    numbered = labels(masks)
    kept = np.zeros_like(masks)
    for frame, keep in zip(numbered, kept, strict=True):
        names, areas = np.unique(frame[frame > 0], return_counts=True)
        if len(names):
            keep[...] = frame == names[areas.argmax()]
    return kept


def dilated(masks: np.ndarray, by: int) -> np.ndarray:
    """Masks (T, H, W) grown by a square of `by` pixels on each side."""
    height, width = masks.shape[1:]
    padded = np.pad(masks, ((0, 0), (by, by), (by, by)))
    rows = np.logical_or.reduce([padded[:, :, i : i + width] for i in range(2 * by + 1)])
    return np.logical_or.reduce([rows[:, i : i + height] for i in range(2 * by + 1)])


def eroded(masks: np.ndarray, by: int) -> np.ndarray:
    """Masks (T, H, W) shrunk by a square of `by` pixels; the picture's edge does not eat them."""
    return ~dilated(~masks, by)
