"""Flicker: how much a background that should stand still changes from frame to frame."""

import numpy as np

from studio.lab.measures import regions, segmenting

_MARGIN = 3  # pixels around an object that its soft edge and the autoencoder still reach


def flicker(frames: np.ndarray, still_mask: np.ndarray | None = None) -> float:
    """Mean absolute change between neighbouring frames, over the still background.

    `frames` is uint8 (T, H, W, 3); the answer is in levels of 255, over the three channels.
    The background is `still_mask`, bool (H, W), where it is given, else what lies outside the
    object of both neighbours and a margin of 3 pixels around it.  NaN where nothing is left of it
    or the clip has fewer than two frames: a figure would then be an invention.
    """
    if len(frames) < 2:
        return float("nan")
    still = _outside(frames) if still_mask is None else np.broadcast_to(still_mask, _pairs(frames))
    change = np.abs(np.diff(frames.astype(np.int16), axis=0)).mean(-1)
    return float(change[still].mean()) if still.any() else float("nan")


def _pairs(frames: np.ndarray) -> tuple[int, int, int]:
    return (len(frames) - 1, *frames.shape[1:3])


def _outside(frames: np.ndarray) -> np.ndarray:
    """Bool (T-1, H, W): background in both frames of a pair."""
    near = regions.dilated(segmenting.segment(frames).masks, _MARGIN)
    still = ~(near[1:] | near[:-1])
    by = frames.shape[1] // still.shape[1]
    return still.repeat(by, 1).repeat(by, 2)
