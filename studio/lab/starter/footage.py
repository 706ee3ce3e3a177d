"""Footage as pixels, drawn on the device: clips at every rate, and leaves that a camera passes over."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.drawing.footage import LEAVES_MARGIN, PASSED, RATES
from studio.lab.drawing.scenes import FRAMES, LATER
from studio.lab.starter import animation, leaves, places
from studio.lab.starter.animation import Stage
from studio.spec.progress import Progress, Tick, silent

FASTEST = 2 / 64
"""Sides of the picture that a camera moves from frame to frame at most."""


@torch.no_grad()
def footage(
    stage: Stage, seed: int, count: int, *, portion: int = 8, tick: Tick = silent
) -> Tensor:
    """Clips uint8 (count, FRAMES, S, S, 3), where the stage is."""
    shape = (count, FRAMES, stage.size, stage.size, 3)
    made = torch.empty(shape, dtype=torch.uint8, device=stage.canvases.device)
    for first in range(0, count, portion):
        some = min(portion, count - first)
        rng = np.random.default_rng((seed, first, 11))
        by = round(PASSED * some) if some > 1 else int(rng.random() < PASSED)
        parts = [played(stage, rng, some - by), passed(stage, rng, by)]
        frames = torch.cat([part for part in parts if len(part)])
        made[first : first + some] = (
            (frames * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 1, 3, 4, 2)
        )
        tick(Progress("drawing footage", first + some, count))
    return made


def played(stage: Stage, rng: np.random.Generator, count: int) -> Tensor:
    """Scenes at one of `RATES`, from any moment on (count, T, 3, S, S) in 0..1."""
    if not count:
        return torch.empty(0)
    rate = rng.choice(RATES, (count, 1))
    start = np.floor(rng.uniform(-1, 1, (count, 1)) * LATER * rate)
    scene = animation.scenes(rng, count, stage.cast, stage.grounds, shapes=0.35)
    return stage.draw(scene, (start + np.arange(FRAMES)) / rate)


def passed(stage: Stage, rng: np.random.Generator, count: int) -> Tensor:
    """Leaves that a camera passes over evenly, or rests on (count, T, 3, S, S) in 0..1."""
    if not count:
        return torch.empty(0)
    device = stage.canvases.device
    generator = places.generator(int(rng.integers(2**31)), device)
    wide = leaves.leaves(count, round(LEAVES_MARGIN * stage.size), generator)
    speed = rng.uniform(-FASTEST, FASTEST, (count, 1, 2)) * rng.choice((0, 0.25, 1), (count, 1, 1))
    path = (np.arange(FRAMES)[:, None] - (FRAMES - 1) / 2) * speed * (2 / LEAVES_MARGIN)
    shift = torch.from_numpy(path.reshape(-1, 2).astype(np.float32)).to(device)
    at = ((torch.arange(stage.size, device=device) + 0.5) / stage.size * 2 - 1) / LEAVES_MARGIN
    x = (at[None, None, :] + shift[:, :1, None]).expand(-1, stage.size, -1)
    y = (at[None, :, None] + shift[:, 1:, None]).expand(-1, -1, stage.size)
    view = F.grid_sample(
        wide.repeat_interleave(FRAMES, 0),
        torch.stack([x, y], -1),
        padding_mode="reflection",
        align_corners=False,
    )
    return view.unflatten(0, (count, FRAMES))
