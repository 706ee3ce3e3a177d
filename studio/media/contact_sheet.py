"""Frames side by side in one picture."""

import numpy as np


def side_by_side(frames: np.ndarray, columns: int = 4, gap: int = 2) -> np.ndarray:
    """Frames uint8 (T, H, W, 3) on one dark sheet, row after row, uint8 (h, w, 3)."""
    count, height, width, _ = frames.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    size = (rows * (height + gap) + gap, columns * (width + gap) + gap, 3)
    sheet = np.full(size, 24, np.uint8)
    for k, frame in enumerate(frames):
        top, left = (
            n * (side + gap) + gap
            for n, side in zip(divmod(k, columns), (height, width), strict=True)
        )
        sheet[top : top + height, left : left + width] = frame
    return sheet
