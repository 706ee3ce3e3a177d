"""Clips looked at on a screen: their beginning, as small as it is shown, and one frame in full."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np

from studio.media.container import packets, unreadable
from studio.media.footage import read_video
from studio.media.seeking import frames_from_key
from studio.media.timing import frame_rate_of

SINGLE = Fraction(1)
"""The rate of what does not move, in frames per second."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a container says of a clip's first frames: sides in pixels as they are stored, the rate
    in frames per second, and how many of them there are."""

    width: int
    height: int
    fps: Fraction
    frames: int


def declared(path: Path, most: int) -> Declared:
    """Read the time stamps of at most `most` frames; nothing is decoded.

    Raises `Refusal` for a file that holds no video.
    """
    shown, header = packets(path, most)
    width, height = (int(side) for side in header["dimensions 0"].split("x"))
    base, steps = Fraction(header["tb 0"]), len(shown) - 1
    if shown[-1] == shown[0]:
        return Declared(width, height, SINGLE, len(shown))
    mean = steps / (base * (shown[-1] - shown[0]))
    return Declared(width, height, frame_rate_of(shown, base, mean), len(shown))


def fitting(clip: Declared, room: int) -> int:
    """The longest side at which all frames of a clip fit into `room` bytes as RGB; not larger than
    the clip's own."""
    pixels = room / 3 / max(1, clip.frames)
    shrink = min(1.0, math.sqrt(pixels / max(1, clip.width * clip.height)))
    return max(16, int(shrink * max(clip.width, clip.height)))


def read_shrunk(
    path: Path, longest: int, most: int, wanted: Callable[[], bool]
) -> Iterator[np.ndarray]:
    """Yield at most `most` frames, uint8 (H, W, 3), upright, within `longest` pixels, as long as
    they are `wanted`.  The decoder ends with the iterator.

    What can be read of a damaged clip comes before the `Refusal`.
    """
    frames = islice(read_video(path, longest=longest), most)
    while wanted() and (frame := next(frames, None)) is not None:
        yield frame


def read_frames(path: Path, first: int, count: int = 1) -> list[np.ndarray]:
    """Some frames in their own size, uint8 (H, W, 3); only these are converted, and of what comes before
    them only what follows their keyframe is decoded, where that gives the same.

    Raises `Refusal` where they cannot be read.
    """
    if (sought := frames_from_key(path, first, count)) is not None:
        return sought
    found = list(read_video(path, only=range(first, first + count), torn=lambda _: None))
    if len(found) < count:
        raise unreadable(path)
    return found
