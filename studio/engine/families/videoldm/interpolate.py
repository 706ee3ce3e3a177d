"""Interpolation: frames between frames, pass after pass, by the one model that is told the pass.

Video LDM section 3.3: three frames between two, T → 4T → 16T.
"""

from itertools import pairwise

import torch
from torch import Tensor

from studio.engine.families.videoldm.fill import FillSpec, Text, fill
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.preview import latent_colours
from studio.spec.progress import Progress, Tick, shifted
from studio.spec.span import Span
from studio.spec.spans import seed_of

GUIDANCE = 1.0
"""Between two frames the words have nothing to add, and half of the network's runs are spared."""
CUT = 0.12
"""Median change of a cell's colour, of 1, above which two keyframes show different places."""


def interpolate(
    model: VideoModel, clip: Tensor, known: tuple[bool, ...], text: Text, span: Span, tick: Tick
) -> Tensor:
    """Latents (T, C, h, w) like `clip`, with all holes between known frames filled.

    Two known neighbours and the holes between them are a clip of their own, so that a frame
    depends on nothing farther away.  Across a cut each side keeps its last frame instead, and
    between two frames that are the same nothing moves.  Elsewhere the walk starts from the
    model's guess, or from the two blended: what stands still is there already.
    """
    request, filled = span.request, clip.clone()
    steps = request.steps_around(span.rank)
    start, counted = span.makes[0] - 1, max(1, steps)
    ends = [k for k, given in enumerate(known) if given]
    for number, (one, other) in enumerate(pairwise(ends)):
        part = slice(one, other + 1)
        told = shifted(tick, number * counted, (len(ends) - 1) * counted)
        if is_cut(model, clip[one], clip[other]) or torch.equal(clip[one], clip[other]):
            middle = (one + other + 1) // 2
            filled[one:middle], filled[middle : other + 1] = clip[one], clip[other]
            told(Progress(span.stage, counted, counted))
            continue
        frames = tuple(range(start + one, start + other + 1))
        spec = FillSpec(
            span.stage,
            frames,
            seed_of(span),
            request.steps,
            GUIDANCE,
            rank=span.rank,
            context_guidance=request.context_guidance,
            augment=request.context_noise,
            skip=request.steps - steps,
        )
        filled[part] = fill(model, clip[part], known[part], text, spec, told)
    return filled


def is_cut(model: VideoModel, one: Tensor, other: Tensor) -> bool:
    """Whether two latents (C, h, w) show different places.

    By the median over the cells: whatever moves in one place covers fewer than half of them.
    """
    colours = latent_colours(torch.stack([one, other]), model.preview_factors)
    return bool((colours[0] - colours[1]).abs().mean(-1).median() > CUT)
