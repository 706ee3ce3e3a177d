"""Interpolation: frames between frames, pass after pass, by the one model that is told the pass.

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
"""Between two frames the words have nothing to add, and half of the network's runs are spared."""
CUT = 0.12
"""Median change of a cell's colour, of 1, above which two keyframes show different places."""


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
    ends = [k for k, given in enumerate(known) if given]
    for number, (one, other) in enumerate(pairwise(ends)):
        part = slice(one, other + 1)
        heard = shifted(tick, number * counted, (len(ends) - 1) * counted)
        if is_cut(model, clip[one], clip[other]) or torch.equal(clip[one], clip[other]):
            middle = (one + other + 1) // 2
            filled[one:middle], filled[middle : other + 1] = clip[one], clip[other]
            heard(Progress(spec.stage, counted, counted))
            continue
        here = replace(spec, frames=spec.frames[part], guidance=GUIDANCE)
        filled[part] = fill(model, clip[part], known[part], text, here, heard)
    return filled


def is_cut(model: VideoModel, one: Tensor, other: Tensor) -> bool:
    """Whether two latents (C, h, w) show different places.

    By the median over the cells: whatever moves in one place covers fewer than half of them.
    """
    colours = latent_colours(torch.stack([one, other]), model.preview_factors)
    return bool((colours[0] - colours[1]).abs().mean(-1).median() > CUT)
