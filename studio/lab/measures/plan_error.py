"""How far plans are from what is taken: memory of random jobs by shapes, beside torch's allocator's."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from studio.engine.device import Device
from studio.engine.film import STAGES, Models, loaded
from studio.engine.memory.measured import measured
from studio.engine.memory.needs import need_of, skeleton
from studio.engine.roles import Parts
from studio.library.models import Model
from studio.spec.progress import PULSE, Tick, silent
from studio.spec.request import ClipRequest
from studio.spec.span import Span
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
            keyframes=draw.randint(2, card.window.usual), steps=draw.randint(1, 3),
            interpolate=draw.randint(0, card.passes), guidance=draw.choice((1.0, 3.0)),
            upsample=larger and type(larger)(1, larger.level, larger.tile, larger.overlap),
        )  # fmt: skip


def compared(open_parts: Open, device: Device, asked: ClipRequest, tick: Tick) -> Found:
    """One job: its stages in order, the first span of each kind measured."""
    memo: dict[str, Mapping[str, Any]] = {}
    real: dict[str, Parts] = {}
    shapes: dict[str, Parts] = {}
    planned = taken = 0
    seen = set()
    for span in spans(asked):
        place = "upscaler" if span.role == "upscaler" else "keyframes"
        if place not in real:
            real[place] = open_parts(place, device)
            shapes[place] = skeleton(lambda on, place=place: open_parts(place, on), device)
        kind = (span.stage, span.pass_index, len(span.reads))
        if kind in seen:
            memo[span.key] = _made(span, real[place], memo)
            continue
        seen.add(kind)
        need = need_of(span, shapes[place], device)
        used = measured(
            lambda s=span, p=place: memo.update({s.key: _made(s, real[p], memo)}), device
        )
        planned, taken = max(planned, need.device), max(taken, need.weights + used)
        tick(PULSE)
    size = f"{asked.width} × {asked.height}"
    what = f"{asked.frames} frames of {size}" + (", made larger" if asked.upsample else "")

    return Found(what, planned, taken)


def _made(span: Span, parts: Parts, memo: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    inputs = {key: memo[key] for key in span.inputs if key in memo}
    return STAGES[span.stage](span, Models(loaded(parts)), inputs, silent)


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
