"""Denoising: classifier-free guidance and the DDIM walk (Ho and Salimans 2021, Song et al. 2020)."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from studio.spec.progress import Preview, Progress, Tick

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""(noisy latents (T, C, h, w), timestep scalar) → predicted noise or v of the same shape."""


def guided(
    with_prompt: Denoiser, without: Denoiser, guidance: float, *, ends: float = 0.0
) -> Denoiser:
    """without + guidance · (with − without) at the timesteps from `ends` up.

    At a guidance of 1 and below `ends` the second network run is saved.
    """
    if guidance == 1.0:
        return with_prompt

    def denoise(x: Tensor, t: Tensor) -> Tensor:
        if t < ends:
            return with_prompt(x, t)
        base = without(x, t)
        return base + guidance * (with_prompt(x, t) - base)

    return denoise


@torch.no_grad()
def ddim(
    denoise: Denoiser,
    scheduler: Any,
    start: Tensor,
    steps: int,
    tick: Tick,
    *,
    stage: str = "keyframes",
    preview: Callable[[Tensor], Preview] | None = None,
) -> Tensor:
    """Walk from noise to latents in `steps` steps, one tick each; the scheduler is not shared."""
    scheduler = type(scheduler).from_config(scheduler.config)
    scheduler.set_timesteps(steps, device=start.device)
    x = start * scheduler.init_noise_sigma
    tick(Progress(stage, 0, steps))
    for done, t in enumerate(scheduler.timesteps, start=1):
        step = scheduler.step(denoise(scheduler.scale_model_input(x, t), t), t, x)
        x = step.prev_sample
        seen = preview(step.pred_original_sample) if preview else None
        tick(Progress(stage, done, steps, preview=seen))
    return x
