"""Interpolation by a model that fills holes: every gap between two known frames is a window."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from studio.engine.roles import Filler, FillSpec, Known, Prompt, Words
from studio.spec.progress import Tick, shifted


@dataclass(frozen=True, slots=True)
class FilledBetween:
    """The role "interpolator" by way of a `Filler`, in the space in which that works."""

    filler: Filler
    factor: int

    @property
    def space(self) -> str:
        return self.filler.space

    def prompt(self, words: Words, adapter: Path | None) -> AbstractContextManager[Prompt]:
        """As the filler encodes it."""
        return self.filler.prompt(words, adapter)

    def between(
        self, clip: Tensor, known: Known, prompt: Prompt, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """`clip` with its holes filled; two known neighbours decide what lies between them."""
        filled, gaps = clip.clone(), list(_gaps(known))
        steps = max(1, spec.steps - spec.start_step)
        for number, gap in enumerate(gaps):
            part = slice(gap.start, gap.stop)
            gap_tick = shifted(tick, number * steps, len(gaps) * steps)
            here = replace(spec, frames=spec.frames[part])
            filled[part] = self.filler.fill(clip[part], known[part], prompt, here, gap_tick)
        return filled


def _gaps(known: Known) -> Iterator[range]:
    """Known neighbours with the holes between them, both included."""
    ends = [frame for frame, is_known in enumerate(known) if is_known]
    return (range(one, other + 1) for one, other in pairwise(ends) if other > one + 1)


def blended(clip: Tensor, known: Known) -> Tensor:
    """`clip` (T, ...), in floats, whose holes are interpolated linearly between known frames:
    what image to image starts from.  Beyond the outermost known frames these are repeated."""
    ends = [frame for frame, is_known in enumerate(known) if is_known]
    made = []
    for number in range(len(known)):
        before = max((k for k in ends if k <= number), default=ends[0])
        after = min((k for k in ends if k >= number), default=ends[-1])
        share = (number - before) / max(1, after - before)
        made.append(torch.lerp(clip[before].float(), clip[after].float(), share))
    return torch.stack(made)
