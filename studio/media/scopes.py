"""Scopes: how bright pictures are, how much that flickers, how alike they are to their subject, and
where the last two are worse than in the rest of a clip."""

from collections.abc import Sequence

import numpy as np

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""BT.709's weights of red, green and blue."""
EVERY = 4
"""Of a picture's rows and columns every so many-th is looked at, of small ones all."""
LEAST = 0.02
"""Flicker, as a share of full brightness, that is never marked."""
MORE = 6.0
"""Times the median of its clip, from which on flicker is marked."""
APART = 4
"""Frames between two marks that are one."""
LOWER = 0.15
"""Likeness, of 1, by which a frame lies below the median of its clip that is never marked."""
DEVIATIONS = 4.0
"""Median absolute deviations of its clip below the median, from which on likeness is marked."""
AROUND = 3
"""Frames before and after a mark that are made anew with it."""


def brightness(frames: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """The mean luma of each frame, uint8 (H, W, 3) each, as float32 (T,), 0..1."""
    found = []
    for frame in frames:
        step = EVERY if min(frame.shape[:2]) > 64 * EVERY else 1
        found.append(float(frame[::step, ::step].reshape(-1, 3).mean(0) @ LUMA) / 255)
    return np.asarray(found, np.float32)


def flicker(bright: np.ndarray) -> np.ndarray:
    """How far each frame's brightness lies from the middle of its neighbours', as float32 (T,): what
    fades is 0, what blinks is not.  At both ends, and beside what is not known (NaN), it is 0."""
    found = np.zeros_like(bright)
    if len(bright) > 2:
        found[1:-1] = np.abs(bright[1:-1] - (bright[:-2] + bright[2:]) / 2)
    return np.nan_to_num(found)


def dips(flickers: np.ndarray) -> list[tuple[int, int]]:
    """The ranges of a clip that flicker more than the rest of it: first frame, and the one after the
    last, with a few frames around."""
    if len(flickers) < 3:
        return []
    over = flickers > max(LEAST, MORE * float(np.median(flickers)))
    return _ranges(over)


def falls(likeness: np.ndarray) -> list[tuple[int, int]]:
    """The ranges of a clip that are less like the subject than the rest of it, as `dips` are given;
    NaN is what nobody measured."""
    known = likeness[~np.isnan(likeness)]
    if len(known) < 3:
        return []
    middle = float(np.median(known))
    deviation = float(np.median(np.abs(known - middle)))
    return _ranges(likeness < middle - max(LOWER, DEVIATIONS * deviation))


def _ranges(over: np.ndarray) -> list[tuple[int, int]]:
    """Where a mask (T,) is set, with a few frames around; ranges close to one another are one."""
    ranges: list[tuple[int, int]] = []
    for frame in np.flatnonzero(over).tolist():
        first, end = max(0, frame - AROUND), min(len(over), frame + AROUND + 1)
        if ranges and first - ranges[-1][1] < APART:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], end))
        else:
            ranges.append((first, end))
    return ranges
