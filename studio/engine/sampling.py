"""Denoising: classifier-free guidance and one loop over the steps of any of diffusers' schedulers.

Known frames are replaced at each noise level (RePaint, Lugmayr et al. 2022), and a run may start
from an initial estimate (img2img's strength; SDEdit, Meng et al. 2022).  All that decides a step is
computed on the processor before the first one, so that an accelerator is never waited for.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studio.engine.schedulers import draws_noise
from studio.spec.progress import Preview, Progress, Tick
from studio.spec.refusal import Refusal

Denoiser = Callable[[Tensor, float], Tensor]
"""(noisy latents, scaled as the scheduler says; timestep) → the network's prediction (noise, v or
velocity) of the same shape, in fp32 whatever the network's precision is."""
Generators = Callable[[int], list[torch.Generator]]
"""Step number → a generator per frame, for schedulers that draw noise at each step."""


@dataclass(frozen=True, slots=True)
class GuidanceTerm:
    """A term of classifier-free guidance: the `uncond` prediction, its scale (1 for none), and the
    timestep below which it is not applied (a guidance interval, Kynkäänniemi et al. 2024)."""

    uncond: Denoiser
    scale: float
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class KnownFrames:
    """Clean `latents` where `mask`, which broadcasts over them, is true; `noise` is what they get at
    each noise level, of the latents' shape and independent of the noise that a run starts from.
    """

    latents: Tensor
    mask: Tensor
    noise: Tensor


def guided(cond: Denoiser, *terms: GuidanceTerm) -> Denoiser:
    """cond + Σ (scale − 1) · (cond − uncond): text and context, each at its own strength.

    A term of scale 1, or below its last timestep, costs no network run.
    """
    active = [term for term in terms if term.scale != 1.0]

    def denoise(x: Tensor, t: float) -> Tensor:
        prediction = cond(x, t)
        away = torch.zeros(())
        for term in active:
            if t >= term.until:
                away = away + (term.scale - 1) * (prediction - term.uncond(x, t))
        return prediction + away

    return denoise


@torch.no_grad()
def sample(
    denoise: Denoiser,
    scheduler: Any,
    noise: Tensor,
    steps: int,
    tick: Tick,
    *,
    stage: str = "keyframes",
    preview: Callable[[Tensor], Preview] | None = None,
    known: KnownFrames | None = None,
    init_latents: Tensor | None = None,
    start_step: int = 0,
    generators: Generators | None = None,
) -> Tensor:
    """Latents, fp32, from standard normal `noise` of their shape (any), in `steps` steps.

    One tick a step.  `preview` gets the clean latents that a step leads to, and is the one thing
    that waits for an accelerator.  With `init_latents` the first `start_step` steps are skipped:
    the run starts from these, noised to the level of that step.  A scheduler that draws noise
    takes it from `generators`, and is refused without them; the given one is left as it is.
    """
    run = _SamplingRun(scheduler, steps, start_step if init_latents is not None else 0, generators)
    x = run.start(noise, init_latents)
    times = run.times
    tick(Progress(stage, 0, len(times)))
    for done, t in enumerate(times, start=1):
        if known is not None:
            x = torch.where(known.mask, run.noised(known.latents, known.noise), x)
        x, clean = run.step(denoise, x, t, estimated=preview is not None)
        picture = preview(clean) if preview else None
        tick(Progress(stage, done, len(times), preview=picture))
    return x if known is None else torch.where(known.mask, known.latents, x)


class _SamplingRun:
    """A scheduler of its own, and its current step."""

    def __init__(
        self, scheduler: Any, steps: int, start_step: int, generators: Generators | None
    ) -> None:
        self.schedule = type(scheduler).from_config(scheduler.config)
        takes_generators = "generator" in inspect.signature(self.schedule.step).parameters
        if draws_noise(self.schedule) and not (generators and takes_generators):
            raise Refusal(
                f"{type(scheduler).__name__} draws noise at every step, which is not kept here.",
                "Use another sampler, such as DDIM or Euler.",
            )
        self._set_timesteps(steps)
        self.index = start_step * self.schedule.order
        if hasattr(self.schedule, "set_begin_index"):
            self.schedule.set_begin_index(self.index)
        self.times: list[float] = self.schedule.timesteps[self.index :].tolist()
        self.generators = generators if takes_generators else None

    def _set_timesteps(self, steps: int) -> None:
        """On the processor: a scheduler compares and looks up timesteps at each step."""
        try:
            self.schedule.set_timesteps(steps)
        except ValueError as error:
            raise Refusal(
                f"{type(self.schedule).__name__} cannot make {steps} steps.", "Use fewer steps."
            ) from error

    def start(self, noise: Tensor, init_latents: Tensor | None) -> Tensor:
        if self.index and init_latents is not None:
            return self.noised(init_latents, noise) if self.times else init_latents
        return noise * getattr(self.schedule, "init_noise_sigma", 1.0)

    def noised(self, latents: Tensor, noise: Tensor) -> Tensor:
        """Clean latents at the noise level of the step that comes next."""
        t = self.schedule.timesteps[self.index][None]
        if hasattr(self.schedule, "add_noise"):
            return self.schedule.add_noise(latents, noise, t)
        if hasattr(self.schedule, "scale_noise"):
            return self.schedule.scale_noise(latents, t, noise)
        raise Refusal(
            f"{type(self.schedule).__name__} cannot start from given frames.",
            "Use another sampler, such as DDIM or Euler.",
        )

    def step(
        self, denoise: Denoiser, x: Tensor, t: float, *, estimated: bool
    ) -> tuple[Tensor, Tensor]:
        """Noisy latents → those of the next step, and, if `estimated`, the clean ones they lead to."""
        schedule, at = self.schedule, self.schedule.timesteps[self.index]
        scaled = schedule.scale_model_input(x, at) if hasattr(schedule, "scale_model_input") else x
        prediction = denoise(scaled, t)
        drawn = {} if self.generators is None else {"generator": self.generators(self.index)}
        made = schedule.step(prediction, at, x, **drawn)
        clean = self._clean(made, prediction, x) if estimated else x
        self.index += 1
        return made.prev_sample, clean

    def _clean(self, made: Any, prediction: Tensor, x: Tensor) -> Tensor:
        """The clean latents that a step saw, from whatever the scheduler says of them."""
        for name in ("pred_original_sample", "denoised"):
            if (clean := getattr(made, name, None)) is not None:
                return clean
        if history := getattr(self.schedule, "model_outputs", None):  # DPM++, UniPC
            return history[-1]
        if hasattr(self.schedule, "scale_noise"):  # flow matching: x = (1 − σ) clean + σ noise
            return x - self.schedule.sigmas[self.index] * prediction
        return made.prev_sample
