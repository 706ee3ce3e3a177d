"""Procedural pictures: dead leaves over 1/f noise.  No photograph."""

import numpy as np

from studio.lab.drawing import grounds

SIZE = grounds.SIZE


def dead_leaves(rng: np.random.Generator, count: int = 90, size: int = SIZE) -> np.ndarray:
    """Opaque discs and boxes dropped on one another, float32 (size, size, 3) in 0..1.

    Radii follow a power law, which gives the picture the scale invariance and the sharp occlusion
    edges of photographs (Lee, Mumford, Huang 2001).
    """
    picture, fine = _coloured_noise(rng, size), size / SIZE
    for radius in np.sort(_power_law(rng, count))[::-1]:
        x, y = grounds.grid(rng.uniform(-6, SIZE + 6, 2), size)
        turn = rng.uniform(0, np.pi)
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        v = v * rng.uniform(0.5, 1.6)
        edge = np.hypot(u, v) if rng.random() < 0.6 else np.maximum(np.abs(u), np.abs(v))
        body = np.clip(0.5 + (radius - edge) * fine, 0, 1)[..., None]
        slope = 0.10 * rng.standard_normal(2)
        shade = 1 + (slope[0] * u + slope[1] * v)[..., None] / radius
        picture = picture * (1 - body) + _colour(rng) * shade * body
    grain = grounds.soft_noise(rng, rng.uniform(0.3, 1.2), size)[..., None] * rng.uniform(0, 0.05)
    return np.clip(picture + grain, 0, 1).astype(np.float32)


def _power_law(
    rng: np.random.Generator, count: int, low: float = 1.5, high: float = 32.0
) -> np.ndarray:
    u = rng.random(count)
    return (low**-2 + u * (high**-2 - low**-2)) ** -0.5


def _colour(rng: np.random.Generator) -> np.ndarray:
    """Mostly muted, sometimes vivid; a flat draw from the cube would be far too gaudy."""
    value, spread = rng.beta(1.2, 1.2), rng.beta(1.0, 3.0)
    return np.clip(value + spread * rng.uniform(-1, 1, 3), 0, 1)


def _coloured_noise(rng: np.random.Generator, size: int = SIZE) -> np.ndarray:
    slope = rng.uniform(1.0, 2.2)
    field = np.stack([grounds.soft_noise(rng, slope, size) for _ in range(3)], -1)
    mix = np.eye(3) * 0.4 + rng.uniform(0.1, 0.6)
    contrast = rng.uniform(0.05, 0.22)
    return np.clip(_colour(rng) + contrast * field @ mix, 0, 1)
