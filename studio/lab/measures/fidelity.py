"""Reconstruction quality of autoencoders."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

_ENDINGS = frozenset((".jpg", ".jpeg", ".png", ".webp"))


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of two uint8 arrays of one shape; infinite when equal.

    Raises `ValueError` for another dtype or unequal shapes: floats have no agreed peak.
    """
    if a.dtype != np.uint8 or b.dtype != np.uint8 or a.shape != b.shape:
        raise ValueError(
            f"need two uint8 arrays of one shape: {a.dtype} {a.shape}, {b.dtype} {b.shape}"
        )
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def photos(folder: Path, size: int) -> np.ndarray:
    """The photos below a folder, in the order of their paths, cropped to the middle square.

    uint8 (N, size, size, 3); N is 0 for a folder without photos.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _ENDINGS)
    small = [_square(file, size) for file in files]
    return np.stack(small) if small else np.zeros((0, size, size, 3), np.uint8)


def _square(file: Path, size: int) -> np.ndarray:
    with Image.open(file) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
        return np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.LANCZOS))


def mean_psnr(
    reconstruct: Callable[[np.ndarray], np.ndarray], pictures: Iterable[np.ndarray]
) -> float:
    """The mean over pictures (H, W, 3) of the PSNR of each against its reconstruction.

    `reconstruct` takes and gives uint8 (1, H, W, 3).  NaN without pictures.
    """
    each = [psnr(picture[None], reconstruct(picture[None])) for picture in pictures]
    return float(np.mean(each)) if each else float("nan")
