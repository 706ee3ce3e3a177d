"""Denoising: classifier-free guidance and the DDIM walk (Ho and Salimans 2021, Song et al. 2020)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studio.spec.progress import Preview, Progress, Tick

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""(noisy latents (T, C, h, w), timestep scalar) → predicted noise or v of the same shape."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What guidance leads away from: the network told less, from timestep `ends` up."""

    told_less: Denoiser
    guidance: float
    ends: float = 0.0


def guided(told: Denoiser, *contrasts: Contrast) -> Denoiser:
    """told + Σ (guidance − 1) · (told − told less): text and context, each at its own strength.

    A contrast at a guidance of 1, or below where it ends, costs no network run.
    """
    active = [contrast for contrast in contrasts if contrast.guidance != 1.0]

    def denoise(x: Tensor, t: Tensor) -> Tensor:
        guess = told(x, t)
        away = torch.zeros(())
        for contrast in active:
            if t >= contrast.ends:
                away = away + (contrast.guidance - 1) * (guess - contrast.told_less(x, t))
        return guess + away

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
    hold: Denoiser | None = None,
    guess: Tensor | None = None,
    skip: int = 0,
) -> Tensor:
    """Walk from noise to latents in `steps` steps, one tick each; the scheduler is not shared.

    `hold` may put into the noisy latents at a timestep what is known of them.  The first `skip`
    steps are spared by starting from a `guess`, noised as far (SDEdit, Meng et al. 2022).
    """
    scheduler = type(scheduler).from_config(scheduler.config)
    scheduler.set_timesteps(steps, device=start.device)
    x = start * scheduler.init_noise_sigma
    if guess is not None and skip:
        x = scheduler.add_noise(guess, start, scheduler.timesteps[skip][None])
    steps -= skip
    tick(Progress(stage, 0, steps))
    for done, t in enumerate(scheduler.timesteps[skip:], start=1):
        x = hold(x, t) if hold else x
        step = scheduler.step(denoise(scheduler.scale_model_input(x, t), t), t, x)
        x = step.prev_sample
        seen = preview(step.pred_original_sample) if preview else None
        tick(Progress(stage, done, steps, preview=seen))
    return x
