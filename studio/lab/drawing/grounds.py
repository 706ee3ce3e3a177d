"""What scenes are drawn on: seven places that stand still, as fine as they are wanted.

Lengths are in 64ths of the picture's side, whatever its `size` in pixels.
"""

import numpy as np

SIZE = 64

Rng = np.random.Generator


def grid(centre: np.ndarray, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """x and y (size, size) of every pixel's middle, in 64ths of the side from `centre` (x, y)."""
    pixels = (np.arange(size, dtype=np.float32) + 0.5) * (SIZE / size)
    return np.meshgrid(pixels - centre[0], pixels - centre[1])


def draw_ground(place: str, rng: Rng, size: int = SIZE) -> np.ndarray:
    """A still ground, float32 (size, size, 3) in 0..1."""
    return np.clip(_GROUNDS[place](rng, size), 0, 1).astype(np.float32)


def soft_noise(rng: Rng, slope: float, size: int = SIZE) -> np.ndarray:
    """1/f^slope noise (size, size), mean 0 and standard deviation 1."""
    fy, fx = np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij")
    scale = 1 / np.maximum(np.hypot(fy, fx), 1 / size) ** slope
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * scale
    field = np.fft.irfft2(spectrum, s=(size, size))
    return (field - field.mean()) / field.std()


def _tinted(base: tuple[float, float, float], field: np.ndarray, by: float) -> np.ndarray:
    return np.asarray(base) * (1 + by * field[..., None])


def _shade(rng: Rng) -> float:
    return rng.uniform(0.94, 1.06)


def _grass(rng: Rng, size: int) -> np.ndarray:
    return _tinted((0.33, 0.60, 0.25), soft_noise(rng, 1.3, size), 0.10) * _shade(rng)


def _sky(rng: Rng, size: int) -> np.ndarray:
    down = np.linspace(0, 1, size)[:, None, None]
    sky = np.asarray((0.42, 0.66, 0.93)) * (1 - down) + np.asarray((0.68, 0.84, 0.97)) * down
    cloud = np.clip(soft_noise(rng, 2.2, size) - 0.7, 0, 1)[..., None] * 0.5
    return (sky * (1 - cloud) + 0.93 * cloud) * _shade(rng)


def _sand(rng: Rng, size: int) -> np.ndarray:
    return _tinted((0.82, 0.72, 0.52), soft_noise(rng, 1.3, size), 0.05) * _shade(rng)


def _water(rng: Rng, size: int) -> np.ndarray:
    y = np.arange(size)[:, None] / size
    ripple = np.sin(
        2 * np.pi * (y * rng.uniform(5, 7) + rng.random() + 0.12 * soft_noise(rng, 2.0, size))
    )
    return _tinted((0.16, 0.55, 0.66), ripple, 0.10) * _shade(rng)


def _night(rng: Rng, size: int) -> np.ndarray:
    sky = _tinted((0.05, 0.06, 0.17), soft_noise(rng, 2.0, size), 0.15)
    for x, y in rng.uniform(3, SIZE - 3, (7, 2)):
        dx, dy = grid(np.asarray((x, y)), size)
        sky = sky + np.exp(-(dx**2 + dy**2) / 1.8)[..., None] * rng.uniform(0.5, 0.8)
    return sky


def _snow(rng: Rng, size: int) -> np.ndarray:
    return _tinted((0.83, 0.88, 0.94), soft_noise(rng, 1.6, size), 0.03) * _shade(rng)


def _bricks(rng: Rng, size: int) -> np.ndarray:
    row_height, length = 10, 20
    down, along = rng.integers(0, 5, 2) * (2, 4)
    y, x = np.mgrid[0:size, 0:size] * SIZE // size + np.reshape((down, along), (2, 1, 1))
    row = y // row_height
    shifted = x + (row % 2) * (length // 2)
    mortar = (y % row_height < 2) | (shifted % length < 2)
    tone = rng.uniform(0.92, 1.06, (16, 16))[row % 16, (shifted // length) % 16]
    wall = np.asarray((0.60, 0.36, 0.30)) * tone[..., None]
    wall[mortar] = (0.70, 0.60, 0.54)
    return wall * _shade(rng)


_GROUNDS = {
    "grass": _grass,
    "sky": _sky,
    "sand": _sand,
    "water": _water,
    "night sky": _night,
    "snow": _snow,
    "brick wall": _bricks,
}
