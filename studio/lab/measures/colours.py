"""Colours as people see them: CIELAB, the eight paints, and the palette of each ground."""

from functools import cache

import numpy as np

from studio.lab.drawing import grammar, grounds, scenes

# Lightness counts half: shading, the dark rim and an autoencoder change it far more than the hue.
_WEIGHTS = np.asarray((0.5, 1.0, 1.0), np.float32)
_D65 = np.asarray((0.9505, 1.0, 1.089), np.float32)
_XYZ = np.asarray(
    ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)), np.float32
)
_LIGHTS = (0.88, 0.94, 1.0, 1.06, 1.12)
_RIMS = (0.75,)  # the dark rim is a pixel wide and rarely purer than this
_BIN = 4.0  # CIELAB units
_RARE = 0.004  # bins holding less of a ground than this (the stars at night) are left out


def lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB (..., 3) in 0..1 to CIELAB with lightness halved, float32."""
    rgb = np.asarray(rgb, np.float32)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _XYZ.T / _D65
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1) * _WEIGHTS


def to_nearest(colours: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Distance of each colour (..., 3) to the nearest of the samples (N, 3), both from `lab`."""
    flat = colours.reshape(-1, 3)
    squares = (flat**2).sum(1)[:, None] + (samples**2).sum(1) - 2 * flat @ samples.T
    return np.sqrt(np.maximum(squares.min(1), 0)).reshape(colours.shape[:-1])


@cache
def paint(colour: str, rim: bool = False) -> np.ndarray:
    """The colours (N, 3) in `lab` that a paint takes under the scene's light, or in its rim."""
    lights = _RIMS if rim else _LIGHTS
    return lab(np.clip(np.outer(lights, scenes.RGB[colour]), 0, 1))


def to_paints(colours: np.ndarray) -> np.ndarray:
    """Distances (..., 8) of colours (..., 3) to the paints, in the order of `grammar.COLOURS`."""
    return np.stack([to_nearest(colours, paint(c)) for c in grammar.COLOURS], -1)


@cache
def palette(place: str) -> np.ndarray:
    """The colours (N, 3) in `lab` that a ground usually holds: the filled bins of 24 drawings."""
    streams = [np.random.default_rng(977 + i) for i in range(24)]
    drawn = lab(np.stack([grounds.draw_ground(place, rng) for rng in streams])).reshape(-1, 3)
    bins, counts = np.unique(np.rint(drawn / _BIN), axis=0, return_counts=True)
    return (bins[counts >= _RARE * len(drawn)] * _BIN).astype(np.float32)
