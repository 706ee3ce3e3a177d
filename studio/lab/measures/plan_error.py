"""How far plans are from what is taken: memory of random jobs by shapes, beside torch's allocator's."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from studio.engine.device import Device
from studio.engine.memory.measured import measured
from studio.engine.memory.needs import Anything, need_of, run, skeleton
from studio.engine.roles import Parts
from studio.library.models import Model
from studio.spec.plan.plan import kind_of
from studio.spec.progress import PULSE, Tick
from studio.spec.request import ClipRequest
from studio.spec.spans import spans

Open = Callable[[str, Device], Parts]
"""A role and a device → what fills it there."""


@dataclass(frozen=True, slots=True)
class Found:
    """A job in words, and the bytes that it takes at most: as planned, and as measured."""

    what: str
    planned: int
    measured: int

    @property
    def error(self) -> float:
        """By which part of what was taken the plan is off."""
        return self.planned / self.measured - 1


def requests(model: Model, count: int, seed: int) -> Iterator[ClipRequest]:
    """Random clips of a model: lengths, sizes, passes, guidance, and some made larger."""
    draw, card = random.Random(seed), model.card
    sides = range(card.size_multiple * 2, 2 * card.size[0] + 1, card.size_multiple)
    for number in range(count):
        larger = card.upsampling if number % 5 == 4 else None
        yield card.request(
            "a red ball moving left", draw.randrange(2**31), model.weights,
            width=draw.choice(sides), height=draw.choice(sides),
            keyframes=draw.randint(2, card.window.usual), steps=draw.randint(1, 2),
            interpolate=draw.randint(0, card.passes), guidance=draw.choice((1.0, 3.0)),
            upsample=larger and type(larger)(1, larger.level, larger.tile, larger.overlap),
        )  # fmt: skip


class Comparison:
    """Plans and measures on one device; what was opened is kept from job to job."""

    def __init__(self, open_parts: Open, device: Device) -> None:
        self._open, self._device = open_parts, device
        self._real: dict[str, Parts] = {}
        self._shapes: dict[str, Parts] = {}

    def of(self, asked: ClipRequest, tick: Tick) -> Found:
        """One job: the first span of each kind, on frames and latents of its size."""
        planned = taken = 0
        kinds = {kind_of(span): span for span in spans(asked) if span.role}
        for span in kinds.values():
            real, shapes = self._opened("upscaler" if span.role == "upscaler" else "keyframes")
            need, inputs = need_of(span, shapes, self._device), Anything(span, real)
            used = measured(lambda s=span, r=real, i=inputs: run(s, r, i), self._device)
            planned, taken = max(planned, need.device), max(taken, need.weights + used)
            tick(PULSE)
        size = f"{asked.frames} frames of {asked.width} × {asked.height}"
        return Found(size + (", made larger" if asked.upsample else ""), planned, taken)

    def _opened(self, role: str) -> tuple[Parts, Parts]:
        if role not in self._real:
            self._real[role] = self._open(role, self._device)
            self._shapes[role] = skeleton(lambda on: self._open(role, on), self._device)
        return self._real[role], self._shapes[role]


def markdown(found: Sequence[Found]) -> str:
    """The table, with the error in all."""
    lines = ["| job | planned, MB | taken, MB | error |", "|---|---|---|---|"]
    for one in found:
        lines.append(
            f"| {one.what} | {one.planned / 1e6:.1f} | {one.measured / 1e6:.1f} | {one.error:+.1%} |"
        )
    errors = [abs(one.error) for one in found]
    lines.append(f"| in all: median {median(errors):.1%}, most {max(errors):.1%} | | | |")
    return "\n".join(lines)
