"""Flash check for photosensitive viewers: WCAG 2.3.1 and ITU-R BT.1702, general and red flashes.

A flash is a pair of opposing changes of at least a tenth of full relative luminance, where the darker
side is below 0.8, or of saturated red; more than three of them in a second on more than a quarter of
the picture can cause a seizure.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from PIL import Image

from studio.spec.progress import Progress, Tick, silent
from studio.spec.quantities import count

LARGEST = 64
"""Pixels of the longer side at which frames are looked at: shares of the picture stay what they are."""
AREA = 0.25
TURNS = 7
"""Opposing changes within a second: one more than the six of three flashes."""
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_SRGB = np.arange(256) / 255
_LINEAR = np.where(_SRGB <= 0.04045, _SRGB / 12.92, ((_SRGB + 0.055) / 1.055) ** 2.4)
_STEP, _DARK = 0.1, 0.8
_RED_STEP, _SATURATED, _RED_SCALE = 20.0, 0.8, 320.0
_SAME_TURN = Fraction(1, 20)
"""Seconds within which parts of a picture change as one."""


@dataclass(frozen=True, slots=True)
class Flashing:
    """Frames `first` to `last` in which it flashes more than three times a second; `red` where the
    flashes are of saturated red."""

    first: int
    last: int
    red: bool


def flashing(
    frames: Iterable[np.ndarray], fps: Fraction, tick: Tick = silent, total: int = 0
) -> tuple[Flashing, ...]:
    """Where frames, uint8 (H, W, 3) sRGB, flash too often; one frame at a time is held."""
    general, red = _Turns(fps, _STEP, _DARK), _Turns(fps, _RED_STEP, np.inf)
    for number, frame in enumerate(frames):
        linear = _LINEAR[_small(frame)]
        general.see(number, linear @ _LUMINANCE)
        red.see(number, _redness(linear))
        tick(Progress("looking for flashes", number + 1, total))
    found = [Flashing(*span, red=False) for span in general.spans()]
    found += [Flashing(*span, red=True) for span in red.spans()]
    return tuple(sorted(found, key=lambda one: (one.first, one.red)))


def in_words(found: tuple[Flashing, ...], fps: Fraction) -> str:
    """What to say before such a film is shown to others; "" where it does not flash."""
    if not found:
        return ""
    times = ", ".join(f"{float(one.first / fps):.1f} s" for one in found[:3])
    more = f" and {count(len(found) - 3, 'more time')}" if len(found) > 3 else ""
    red = " red" if any(one.red for one in found) else ""
    return (
        f"It flashes{red} more than three times a second, at {times}{more}. "
        "That can harm people with photosensitive epilepsy: warn them before they look."
    )


class _Turns:
    """Follows one quantity of every pixel, and counts when enough of them turn."""

    def __init__(self, fps: Fraction, step: float, darkest: float) -> None:
        self._step, self._darkest = step, darkest
        self._second, self._together = float(fps), max(1, int(_SAME_TURN * fps))
        self._low = self._high = self._state = np.zeros(0)
        self._turned: dict[int, np.ndarray] = {}
        self._recent: deque[tuple[int, int]] = deque()
        self._found: list[list[int]] = []

    def see(self, number: int, values: np.ndarray) -> None:
        if not self._low.size:
            self._low, self._high = values.copy(), values.copy()
            self._state = np.zeros(values.shape, np.int8)
            self._turned = {way: np.full(values.shape, -np.inf) for way in (1, -1)}
            return
        self._low, self._high = np.minimum(self._low, values), np.maximum(self._high, values)
        up = (values - self._low >= self._step) & (self._low < self._darkest) & (self._state != 1)
        down = (self._high - values >= self._step) & (values < self._darkest) & (self._state != -1)
        for way, there in ((1, up), (-1, down)):
            self._state[there] = way
            self._low[there] = self._high[there] = values[there]
            self._turned[way][there] = number
            self._count(number, way)

    def _count(self, number: int, way: int) -> None:
        turned = self._turned[way]
        lately = turned > number - self._together
        if lately.mean() <= AREA:
            return
        turned[lately] = -np.inf  # each turn of a pixel counts once
        self._recent.append((number, way))
        while self._recent[0][0] <= number - self._second:
            self._recent.popleft()
        ups = sum(way == 1 for _, way in self._recent)
        if len(self._recent) >= TURNS and 3 <= ups <= len(self._recent) - 3:
            self._extend(self._recent[0][0], number)

    def _extend(self, first: int, last: int) -> None:
        if self._found and first <= self._found[-1][1] + self._second:
            self._found[-1][1] = last
        else:
            self._found.append([first, last])

    def spans(self) -> list[tuple[int, int]]:
        return [(first, last) for first, last in self._found]


def _redness(linear: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(linear, -1, 0)
    saturated = red >= _SATURATED * (red + green + blue)
    return np.where(saturated, np.maximum(0, red - green - blue) * _RED_SCALE, 0)


def _small(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    if max(height, width) <= LARGEST:
        return frame
    scale = LARGEST / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BOX))
