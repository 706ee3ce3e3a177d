"""Temporal interpolation, pass after pass, by one model with an embedding of the pass.

Video LDM section 3.3: three frames between two, T → 4T → 16T.
"""

from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from studio.engine.families.videoldm.fill import Text, fill
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.preview import latent_colours
from studio.engine.roles import FillSpec, Known
from studio.spec.progress import Progress, Tick, shifted

GUIDANCE = 1.0
"""Between two frames the text has nothing to add, and without guidance half as many network runs do."""
CUT = 0.12
"""Median change of a cell's colour, 0..1, above which there is a scene cut between two keyframes."""


def interpolate(
    model: VideoModel, clip: Tensor, known: Known, text: Text, spec: FillSpec, tick: Tick
) -> Tensor:
    """Latents (T, C, h, w) like `clip`, with all holes between known frames filled.

    Two known neighbours and the holes between them are a clip of their own, so that a frame
    depends on nothing farther away.  Across a cut each side keeps its last frame instead, and
    between two frames that are the same nothing moves.  Elsewhere sampling starts from the model's
    estimate, or from the two blended: what stands still is there already.
    """
    filled, counted = clip.clone(), max(1, spec.steps - spec.start_step)
    ends = [k for k, is_known in enumerate(known) if is_known]
    for number, (one, other) in enumerate(pairwise(ends)):
        part = slice(one, other + 1)
        part_tick = shifted(tick, number * counted, (len(ends) - 1) * counted)
        if is_cut(model, clip[one], clip[other]) or torch.equal(clip[one], clip[other]):
            middle = (one + other + 1) // 2
            filled[one:middle], filled[middle : other + 1] = clip[one], clip[other]
            part_tick(Progress(spec.stage, counted, counted))
            continue
        here = replace(spec, frames=spec.frames[part], guidance=GUIDANCE)
        filled[part] = fill(model, clip[part], known[part], text, here, part_tick)
    return filled


def is_cut(model: VideoModel, one: Tensor, other: Tensor) -> bool:
    """Whether two latents (C, h, w) show different places.

    By the median over the cells: whatever moves in one place covers fewer than half of them.
    """
    colours = latent_colours(torch.stack([one, other]), model.preview_factors)
    return bool((colours[0] - colours[1]).abs().mean(-1).median() > CUT)
