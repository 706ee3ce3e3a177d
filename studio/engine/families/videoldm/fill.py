"""Filling of holes: a clip some frames of which are known; sample the rest.

Video LDM's keyframes, prediction and interpolation differ only in which frames are known
(sections 3.1 to 3.3 of the paper).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from studio.engine.diffusers_calls import config_of
from studio.engine.families.videoldm.conditioning import interpolate_known
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.noise import clip_noise, step_generators
from studio.engine.preview import latent_to_rgb
from studio.engine.roles import FillSpec
from studio.engine.sampling import Denoiser, GuidanceTerm, KnownFrames, guided, sample
from studio.engine.schedulers import scheduler_named
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Text:
    """Embeddings (1, L, D) of prompt and negative prompt, for space and for time."""

    prompt: Tensor
    negative: Tensor
    time_prompt: Tensor
    time_negative: Tensor


def fill(
    model: VideoModel, clip: Tensor, known: tuple[bool, ...], text: Text, spec: FillSpec, tick: Tick
) -> Tensor:
    """Latents (T, C, h, w), fp32 on the CPU, whose known frames are those of `clip`, bit for bit.

    `clip` has the same shape; its holes are never read.  A pattern that the model was not trained for
    is refused.
    """
    if why := model.refuses(known):
        raise Refusal(why, "Use a model that was taught to, or leave all frames open.")
    mask = torch.tensor(known)[:, None, None, None]
    clip = torch.where(mask, clip, torch.zeros(()))
    condition = _condition(model, clip, mask, spec)
    estimate = _initial_estimate(model, condition, text, spec)
    latents = _init_latents(clip, known, estimate).to(model.backbone.device.name)
    if spec.start_step < spec.steps:
        shared = 0.0 if any(known) else model.net.temporal.config.shared_noise
        latents = sample(
            _denoiser(model, text, spec, condition, estimate),
            scheduler_of(model, spec),
            _noise(spec, clip, "start", shared).to(latents.device),
            spec.steps,
            tick,
            stage=spec.stage,
            preview=lambda x: latent_to_rgb(x, model.preview_factors),
            known=_replace_known(model, clip, mask, spec) if any(known) else None,
            init_latents=latents if spec.start_step else None,
            start_step=spec.start_step,
            generators=partial(step_generators, spec.seed, spec.stage, spec.frames),
        )
    else:
        tick(Progress(spec.stage, 1, 1, preview=latent_to_rgb(latents, model.preview_factors)))
    return torch.where(mask, clip, latents.float().cpu())


def scheduler_of(model: VideoModel, spec: FillSpec) -> Any:
    """The sampler that a spec names, on the model's noise schedule; the model's own without."""
    own = model.backbone.scheduler
    return scheduler_named(spec.sampler, own) if spec.sampler else own


@torch.no_grad()
def _initial_estimate(
    model: VideoModel, condition: tuple[Tensor, Tensor] | None, text: Text, spec: FillSpec
) -> Tensor | None:
    """The holes by motion compensation, (T, C, h, w); computed once per sampling run, so that
    guidance does not magnify it."""
    if condition is None:
        return None
    at = torch.arange(len(spec.frames), device=condition[0].device)[None]
    pass_index = _pass_index(model, spec)
    return model.net.temporal.initial_estimate(condition, text.time_prompt, at, pass_index)


def _init_latents(clip: Tensor, known: tuple[bool, ...], estimate: Tensor | None) -> Tensor:
    """What img2img starts from: the estimate, or else known frames interpolated over the holes."""
    if estimate is not None:
        return estimate.float()
    return interpolate_known(clip[None], torch.tensor([known]))[0] if any(known) else clip


def _pass_index(model: VideoModel, spec: FillSpec) -> Tensor:
    return torch.tensor([float(spec.pass_index)], device=model.backbone.device.name)


def _noise(spec: FillSpec, clip: Tensor, purpose: str, shared: float = 0.0) -> Tensor:
    shape = tuple(clip.shape[1:])
    return clip_noise(spec.seed, spec.stage, spec.frames, shape, shared=shared, purpose=purpose)


def _replace_known(model: VideoModel, clip: Tensor, mask: Tensor, spec: FillSpec) -> KnownFrames:
    """Replacement of known frames at each step's noise level (RePaint), as in training.

    Their noise is independent of the holes' noise: if a hole shared it, the network could subtract
    the known frame and read the hole's noise off.
    """
    device = model.backbone.device.name
    noise = _noise(spec, clip, "held")
    return KnownFrames(clip.to(device), mask.to(device), noise.to(device))


def _condition(
    model: VideoModel, clip: Tensor, known: Tensor, spec: FillSpec
) -> tuple[Tensor, Tensor] | None:
    """Known latents interpolated over the holes (T, C, h, w), noised to the spec's level, and the
    mask (T, 1, h, w): 1 − level where known, 0 in holes."""
    if not known.any():
        return None
    to = model.backbone.device
    level, noise = spec.context_noise, _noise(spec, clip, "known")
    noisy = (1 - level**2) ** 0.5 * clip + level * noise
    noisy = interpolate_known(noisy[None], known.reshape(1, -1))[0]
    mask = (known * (1 - level)).expand(-1, 1, *clip.shape[-2:])
    return noisy.to(to.name, to.dtype), mask.to(to.name, to.dtype)


def _denoiser(
    model: VideoModel,
    text: Text,
    spec: FillSpec,
    condition: tuple[Tensor, Tensor] | None,
    estimate: Tensor | None,
) -> Denoiser:
    dtype, config = model.backbone.device.dtype, model.net.temporal.config
    levels = config_of(model.backbone.scheduler).num_train_timesteps
    passes = _pass_index(model, spec)

    def conditioned(
        text_emb: Tensor, time_emb: Tensor, context: tuple[Tensor, Tensor] | None
    ) -> Denoiser:
        def denoise(x: Tensor, t: float) -> Tensor:
            # Autocast would round the timestep; the network is already in its own precision.
            timestep = torch.full((len(x),), t)
            prediction = model.net(
                x.to(dtype),
                timestep.to(x.device),
                text_emb,
                time_emb,
                frames=len(x),
                condition=context,
                initial_estimate=estimate,
                passes=passes,
                temporal_gate=config.temporal_gate(timestep / levels),
            )
            return prediction.float()

        return denoise

    prompt, negative = (text.prompt, text.time_prompt), (text.negative, text.time_negative)
    ends = config.guidance_ends * levels
    terms = [GuidanceTerm(conditioned(*negative, condition), spec.guidance, ends)]
    if condition is not None:
        terms.append(GuidanceTerm(conditioned(*prompt, None), spec.context_guidance))
    return guided(conditioned(*prompt, condition), *terms)
