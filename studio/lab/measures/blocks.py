"""Block matching: which way the moving part of a clip goes, whatever it looks like."""

from itertools import pairwise

import numpy as np

_BLOCK = 8  # pixels on a side
_STRIDE = 4
_REACH = 6  # pixels; the fastest scenes move 4.8 per frame
_LUMA = np.asarray((0.299, 0.587, 0.114), np.float32)
_FLAT = 3.0  # levels of standard deviation under which a block could lie anywhere
_STILL = 3.0  # mean levels of change under which a block stands still
_GAIN = 0.8  # a block counts as moved when moving it leaves less than this share of its change
_NOISE = 2.0  # times the change of the stillest third of the blocks: below it is noise too
_TOGETHER = 0.80  # one shift must leave less than this share: blocks that grow apart share none
_ASIDE = 0.6  # motion across, as a share of the motion along: beyond it the path is diagonal


def subject_motion(frames: np.ndarray) -> np.ndarray:
    """Motion (T-1, 2) as dx, dy in pixels per frame of the moving region; y points down.

    `frames` is uint8 (T, H, W, 3), at least 20 pixels on a side.  Each block of the earlier frame
    is laid over the later one at every shift up to 6 pixels; flat blocks and blocks that stand
    still do not take part.  The costs of the others are added up and the cheapest shift wins:
    a single block on a straight edge can slide along it, all of them together cannot.
    NaN where no block moves, or where no one shift suits them all, as when something grows.
    """
    luma = frames.astype(np.float32) @ _LUMA
    pairs = pairwise(luma)
    return np.stack([_pair(*pair) for pair in pairs]) if len(luma) > 1 else np.zeros((0, 2))


def direction(frames: np.ndarray, least: float = 0.5) -> str:
    """ "left", "right", "up" or "down" as the median motion of a clip says, "" below `least`.

    `least` is in pixels per frame.  Also "" where fewer than half of the pairs of frames hold a
    moving block, where fewer than two thirds of those agree, and for a diagonal.
    """
    motion = subject_motion(frames)
    found = motion[np.isfinite(motion[:, 0])]
    if len(found) == 0 or len(found) < len(motion) / 2:
        return ""
    middle = np.median(found, 0)
    axis = int(np.abs(middle).argmax())
    along, across = middle[axis], middle[1 - axis]
    agree = np.mean(found[:, axis] * np.sign(along) > 0)
    if abs(along) < least or abs(across) > _ASIDE * abs(along) or agree < 2 / 3:
        return ""
    return (("left", "right"), ("up", "down"))[axis][int(along > 0)]


def moves_at_all(frames: np.ndarray, still_twice: np.ndarray) -> bool:
    """Whether a clip changes more than a still does on its way through the decoder.

    `still_twice` is one still as seen at least twice, uint8 (N >= 2, H, W, 3): before and after the
    decoder, or decoded frame by frame.  A clip that changes less from frame to frame than this
    does not count as moving.
    """
    return _change(frames) > _change(still_twice)


def _change(frames: np.ndarray) -> float:
    if len(frames) < 2:
        return 0.0
    return float(np.abs(np.diff(frames.astype(np.int16), axis=0)).mean())


def _pair(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The motion (2,) between two luma pictures, NaN where nothing moves."""
    costs = _costs(before, after)
    unmoved = costs[:, _REACH, _REACH]
    best = costs.reshape(len(costs), -1).min(1)
    noise = _NOISE * np.quantile(unmoved, 0.3)
    moved = (unmoved > max(_STILL, noise)) & (best < _GAIN * unmoved) & (_spreads(before) > _FLAT)
    if not moved.any():
        return np.full(2, np.nan)
    # A block that finds no good place anywhere must not outvote those that do.
    shared = np.minimum(costs[moved], unmoved[moved, None, None]).sum(0)
    together = shared.min() < _TOGETHER * unmoved[moved].sum()
    return _lowest(shared) if together else np.full(2, np.nan)


def _costs(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean absolute differences (blocks, shifts down, shifts right); infinite off the picture."""
    height, width = before.shape
    padded = np.pad(after, _REACH, constant_values=np.nan)
    shifts = range(2 * _REACH + 1)
    costs = [
        _means(np.abs(before - padded[down : down + height, right : right + width]))
        for down in shifts
        for right in shifts
    ]
    table = np.stack(costs, 1).reshape(-1, len(shifts), len(shifts))
    return np.where(np.isnan(table), np.inf, table)


def _blocks(picture: np.ndarray) -> np.ndarray:
    """The blocks (N, 64) of a picture, overlapping by half."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (_BLOCK, _BLOCK))
    return windows[::_STRIDE, ::_STRIDE].reshape(-1, _BLOCK * _BLOCK)


def _means(picture: np.ndarray) -> np.ndarray:
    return _blocks(picture).mean(1)


def _spreads(picture: np.ndarray) -> np.ndarray:
    return _blocks(picture).std(1)


def _lowest(surface: np.ndarray) -> np.ndarray:
    """The minimum of a cost surface as dx, dy, between the pixels by a parabola on each axis."""
    down, right = np.unravel_index(int(surface.argmin()), surface.shape)
    dx = right - _REACH + _vertex(surface[down, :], int(right))
    dy = down - _REACH + _vertex(surface[:, right], int(down))
    return np.asarray((dx, dy), float)


def _vertex(costs: np.ndarray, at: int) -> float:
    if not 0 < at < len(costs) - 1:
        return 0.0
    left, middle, right = costs[at - 1 : at + 2]
    bend = left + right - 2 * middle
    return float(0.5 * (left - right) / bend) if np.isfinite(bend) and bend > 0 else 0.0
