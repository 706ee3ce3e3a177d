"""The frames of finished spans, one by one, as files and players take them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from studio.project.takes import TakeStore
from studio.spec.quantities import duration
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    import numpy as np


class FramesGone(Refusal):
    """Frames that were there are damaged or evicted: rendering makes them again."""


def stored_frames(takes: TakeStore, keys: Sequence[str]) -> Iterator[np.ndarray]:
    """The frames of finished spans, one by one; never more than a span in memory.

    `FramesGone` at the first that is missing; all other damaged ones are set aside with it, so that
    rendering once makes the whole clip good.
    """
    for key in keys:
        arrays = takes.get(key)
        if arrays is None or "frames" not in arrays:
            takes.set_damaged_aside(keys)
            raise gone(takes, keys)
        yield from arrays["frames"]


def gone(takes: TakeStore, keys: Sequence[str], whose: str = "this take") -> FramesGone:
    """What to say where frames are not there: dropped to keep within the bound, or otherwise gone."""
    seconds = takes.seconds_to_bring_back(keys)
    if seconds is None:
        return FramesGone(f"Frames of {whose} are no longer stored.", "Render it again.")
    return FramesGone(
        f"Frames of {whose} were dropped to keep within the disk’s bound.",
        f"Render it again: {duration(seconds)} to bring back.",
    )


def in_order(frames: Iterator[np.ndarray], order: tuple[int, ...]) -> Iterator[np.ndarray]:
    """The frames that a rising `order` names, repeated or left out, without keeping them all."""
    at, frame = -1, None
    for wanted in order:
        while at < wanted:
            frame, at = next(frames, None), at + 1
        if frame is None:
            raise Refusal("This take has fewer frames than its recipe says.", "Render it again.")
        yield frame
