"""A frame far into a film, without all that comes before it: decoded from the keyframe before it.

Frames are known by their time stamps, so that what comes is that very frame or nothing.
"""

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np

from studio.media.container import UNSORTED, packets
from studio.media.footage import read_from_key
from studio.spec.refusal import Refusal

NEAR = 48
"""Frames from the start that are as soon decoded from there."""
LISTED = 4096
"""Packets whose stamps are read at least, and by which more are read."""


def frames_from_key(path: Path, first: int, count: int) -> list[np.ndarray] | None:
    """Frames `first` to before `first` + `count`, uint8 (H, W, 3) each; None where they lie near the
    start, or where it is not certain that they would be those that a whole decode gives: no stamp of
    theirs is another's, and the decoder has nothing to remark.
    """
    if first < NEAR:
        return None
    try:
        state = path.stat()
        most = -(-(first + count + UNSORTED) // LISTED) * LISTED
        shown, base = _stamps(path, (state.st_mtime_ns, state.st_size), most)
        wanted = shown[first : first + count]
        if len(wanted) < count or len(set(shown)) < len(shown):
            return None
        stamps = range(wanted[0], wanted[-1] + 1)
        found = read_from_key(path, stamps, wanted[0] * base)
    except (OSError, Refusal):
        return None
    return found if len(found) == count else None


@lru_cache(maxsize=8)
def _stamps(path: Path, _state: tuple[int, int], most: int) -> tuple[tuple[int, ...], Fraction]:
    """The time stamps of a film's first frames, in order, and what they count in seconds."""
    shown, header = packets(path, most, as_stored=True)
    return tuple(shown), Fraction(header["tb 0"])
