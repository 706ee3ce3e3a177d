"""The motion that a track of centres and radii shows, if it is a smooth one."""

from dataclasses import dataclass

import numpy as np

from studio.lab.drawing import scenes

# Totals over the whole clip.  The slowest scenes move 10 px and grow by ln(1.18 / 0.84) = 0.34;
# half of that is asked for, so that a slow but real movement counts and a wobble does not.
LEAST_TRAVEL = 5.0  # pixels
LEAST_GROWTH = 0.17  # of the natural logarithm of the radius
STRAIGHT = 2.0  # pixels rms off a straight path
EVEN = 0.10  # rms off an even growth of the log radius
EXPLAINED = 0.80  # share of the track's variance that the straight line explains
ASIDE = 0.5  # travel across, as a share of the travel along: beyond it the path is diagonal
BACKWARDS = 1  # steps that may go the wrong way


@dataclass(frozen=True, slots=True)
class Path:
    """What a track does: a motion of the grammar or "", its speed and how smooth it is."""

    motion: str
    speed: float  # 1 is the scenes' normal speed; 0 where nothing moves
    roughness: float  # pixels rms off the straight path
    smooth: bool


def path(centres: np.ndarray, radii: np.ndarray) -> Path:
    """Read the motion of centres (T, 2) and radii (T,) in pixels; NaN where nothing was seen.

    Fewer than half of the frames, or fewer than three, show no motion.  A jitter whose ends
    happen to lie apart fails: the fitted line must explain the track and the steps must agree.
    """
    observed = np.isfinite(radii)
    if observed.sum() < max(3, len(radii) / 2):
        return Path("", 0.0, float("nan"), False)
    times = np.flatnonzero(observed).astype(float)
    x, y = (_fit(times, c, len(radii)) for c in centres[observed].T)
    growth = _fit(times, np.log(radii[observed]), len(radii))
    roughness = float(np.hypot(x.off, y.off))
    smooth = roughness <= STRAIGHT and growth.off <= EVEN
    motion, speed = _named(x, y, growth, len(radii))
    return Path(motion, speed, roughness, smooth)


@dataclass(frozen=True, slots=True)
class _Line:
    total: float  # fitted change from the first frame of the clip to its last
    off: float  # rms off the line
    explained: float
    backwards: int  # steps against the fitted direction


def _fit(times: np.ndarray, values: np.ndarray, frames: int) -> _Line:
    slope, start = np.polyfit(times, values, 1)
    off = float(np.sqrt(np.mean((values - start - slope * times) ** 2)))
    spread = float(values.std())
    explained = 1 - (off / spread) ** 2 if spread > 1e-9 else 0.0
    backwards = int((np.diff(values) * np.sign(slope) < 0).sum())
    return _Line(float(slope * (frames - 1)), off, explained, backwards)


def _named(x: _Line, y: _Line, growth: _Line, frames: int) -> tuple[str, float]:
    """The stronger of travel and growth, each against its own threshold; neither is still."""
    along, across = (x, y) if abs(x.total) >= abs(y.total) else (y, x)
    travel = abs(along.total) / LEAST_TRAVEL
    growing = abs(growth.total) / LEAST_GROWTH
    if max(travel, growing) < 1:
        calm = np.hypot(x.off, y.off) <= STRAIGHT and growth.off <= EVEN
        return ("still" if calm else ""), 0.0
    if growing > travel:
        return _growth(growth)
    normal = scenes.PIXELS_PER_FRAME["normally"] * (frames - 1)
    straight = _certain(along) and abs(across.total) <= ASIDE * abs(along.total)
    return (_direction(along, along is x) if straight else ""), abs(along.total) / normal


def _growth(growth: _Line) -> tuple[str, float]:
    low, high = scenes.GROWTH["normally"]
    word = "growing" if growth.total > 0 else "shrinking"
    return (word if _certain(growth) else ""), abs(growth.total) / float(np.log(high / low))


def _certain(line: _Line) -> bool:
    return line.explained >= EXPLAINED and line.backwards <= BACKWARDS


def _direction(line: _Line, sideways: bool) -> str:
    words = ("left", "right") if sideways else ("up", "down")
    return words[line.total > 0]
