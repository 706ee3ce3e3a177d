"""Masks of known frames for training: the patterns that the product fills.

Video LDM sections 3.2 and 3.3: a mask over the frames, drawn anew for every clip.
"""

import numpy as np

Rng = np.random.Generator

SAMPLING_WEIGHTS = {"first": 0.35, "last": 0.15, "ends": 0.2, "all but one": 0.15, "some": 0.15}
"""Probability of each pattern; prediction forwards is what long clips are made of."""
CONTEXT = (1, 2)
"""Known frames at an end: one, or two, which determine the motion."""
EVERY = 4
"""In interpolation every fourth frame is known."""


def around(rng: Rng, count: int, frames: int) -> np.ndarray:
    """Patterns bool (count, frames), True where a frame is known; of 5 frames or more never none
    and never all."""
    kinds = rng.choice(list(SAMPLING_WEIGHTS), size=count, p=list(SAMPLING_WEIGHTS.values()))
    return np.stack([_DRAWN[kind](rng, frames) for kind in kinds])


def every_fourth(count: int, frames: int) -> np.ndarray:
    """The pattern of interpolation, bool (count, frames)."""
    return np.tile(np.arange(frames) % EVERY == 0, (count, 1))


def _first(rng: Rng, frames: int) -> np.ndarray:
    return np.arange(frames) < rng.choice(CONTEXT)


def _last(rng: Rng, frames: int) -> np.ndarray:
    return _first(rng, frames)[::-1]


def _ends(rng: Rng, frames: int) -> np.ndarray:
    return _first(rng, frames) | _last(rng, frames)


def _all_but_one(rng: Rng, frames: int) -> np.ndarray:
    return np.arange(frames) != rng.integers(frames)


def _some(rng: Rng, frames: int) -> np.ndarray:
    order = rng.permutation(frames)
    return order < rng.integers(1, frames)


_DRAWN = {
    "first": _first,
    "last": _last,
    "ends": _ends,
    "all but one": _all_but_one,
    "some": _some,
}
