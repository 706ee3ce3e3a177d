"""Which of the six outlines a mask has, by overlap with templates over small shifts and scales."""

from functools import cache

import numpy as np

from studio.lab.drawing import grammar, scenes

_CELLS = 32  # template cells per radius
_REACH = 1.7  # radii that a template spans from its middle
_STEPS = (-1.2, -0.6, 0.0, 0.6, 1.2)
_SHIFTS = np.stack(np.meshgrid(_STEPS, _STEPS), -1).reshape(-1, 2)  # pixels
_SOFTNESS = (3.0, 1.0)  # pixels over which an edge fades: blurred first, then crisp
_SCALES = np.asarray((0.88, 0.94, 1.0, 1.06, 1.12), np.float32)


def overlaps(coverage: np.ndarray) -> np.ndarray:
    """Best soft IoU (6,) of coverage (H, W) in 0..1 with each shape of `grammar.SHAPES`."""
    area = float(coverage.sum())
    if area < 1:
        return np.zeros(len(grammar.SHAPES), np.float32)
    crop, middle = _cropped(coverage)
    return np.asarray([_best(crop, middle, area, s) for s in grammar.SHAPES], np.float32)


def _cropped(coverage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The object with a margin, and its centroid (x, y) in the crop's pixels."""
    rows, columns = np.nonzero(coverage > 0.1)
    top, left = max(rows.min() - 4, 0), max(columns.min() - 4, 0)
    crop = coverage[top : rows.max() + 5, left : columns.max() + 5]
    y, x = np.mgrid[0 : crop.shape[0], 0 : crop.shape[1]] + 0.5
    return crop, np.asarray([(x * crop).sum(), (y * crop).sum()]) / crop.sum()


def _best(crop: np.ndarray, middle: np.ndarray, area: float, shape: str) -> float:
    """The best over scales at the guessed place, then over shifts at that scale, and once more."""
    distances, unit_area, offset = _template(shape)
    radius = np.sqrt(area / unit_area)
    centre = middle - offset * radius
    best = 0.0
    for softness in _SOFTNESS:
        tried = [(centre, radius * s) for s in _SCALES]
        scores = _ious(crop, tried, distances, softness)
        best, radius = max(best, scores.max()), tried[int(scores.argmax())][1]
        tried = [(centre + shift, radius) for shift in _SHIFTS]
        scores = _ious(crop, tried, distances, softness)
        best, centre = max(best, scores.max()), tried[int(scores.argmax())][0]
    return float(best)


def _ious(crop: np.ndarray, tried: list, distances: np.ndarray, softness: float) -> np.ndarray:
    """Soft IoU of the crop with a template at each (centre, radius)."""
    centres = np.asarray([c for c, _ in tried], np.float32)
    radii = np.asarray([r for _, r in tried], np.float32)[:, None]
    x = _cells((np.arange(crop.shape[1]) + 0.5 - centres[:, :1]) / radii)
    y = _cells((np.arange(crop.shape[0]) + 0.5 - centres[:, 1:]) / radii)
    pixels = distances[y[:, :, None], x[:, None, :]] * radii[:, :, None]
    body = np.clip(0.5 - pixels / softness, 0, 1)
    both = np.minimum(body, crop).sum((1, 2))
    return both / np.maximum(body, crop).sum((1, 2))


def _cells(units: np.ndarray) -> np.ndarray:
    last = int(2 * _REACH * _CELLS) - 1
    return np.clip(((units + _REACH) * _CELLS).astype(int), 0, last)


@cache
def _template(shape: str) -> tuple[np.ndarray, float, np.ndarray]:
    """Distances on a grid in radii, the area of the unit shape, and its centroid (x, y)."""
    axis = (np.arange(int(2 * _REACH * _CELLS), dtype=np.float32) + 0.5) / _CELLS - _REACH
    x, y = np.meshgrid(axis, axis)
    distances = scenes.outline(shape, x, y).astype(np.float32)
    inside = distances < 0
    return distances, inside.sum() / _CELLS**2, np.asarray([x[inside].mean(), y[inside].mean()])
