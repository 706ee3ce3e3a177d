"""How long work speaks and is stopped."""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Preview:
    """A small picture strip on its way to a screen: uint8 RGB, frame after frame, row after row."""

    frames: int
    height: int
    width: int
    rgb: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job is.  `step` counts finished steps, 0..total; `stage` is a word for people.

    `later`: seconds that the stages after this one will take; None where others follow and nobody
    knows how long they take.
    """

    stage: str
    step: int
    total: int
    loss: float | None = None
    preview: Preview | None = None
    note: str = ""
    later: float | None = 0.0


DRAWING = "drawing a sample"
"""The note of a training that does not learn for a while."""
PULSE = Progress("", 0, 0)
"""Nothing new to show: a tick that only asks whether to go on."""


class Cancelled(Exception):
    """The user asked to stop.  Not an error: finished spans stay."""


Tick = Callable[[Progress], None]
"""Called between tensors, steps, chunks and frames; may raise `Cancelled`."""


def silent(_: Progress) -> None:
    """A tick for callers that do not listen."""


def shifted(tick: Tick, before: int, total: int) -> Tick:
    """A tick for one part of a stage that has `total` steps, `before` of them done already."""
    return lambda progress: tick(replace(progress, step=before + progress.step, total=total))
