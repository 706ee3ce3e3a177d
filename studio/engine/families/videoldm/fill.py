"""The one generating act: a clip with holes, some frames of which are known; fill the rest.

Video LDM's keyframes, prediction and interpolation differ only in which frames are known
(sections 3.1 to 3.3 of the paper).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from studio.engine.families.videoldm.conditioning import spread
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

    `clip` has the same shape; its holes are never looked at.  A pattern that the model was not taught
    is refused.
    """
    if why := model.refuses(known):
        raise Refusal(why, "Use a model that was taught to, or leave all frames open.")
    given = torch.tensor(known)[:, None, None, None]
    clip = torch.where(given, clip, torch.zeros(()))
    condition = _condition(model, clip, given, spec)
    guess = _guess(model, condition, text, spec)
    begun = _begun(clip, known, guess).to(model.backbone.device.name)
    if spec.start_step < spec.steps:
        shared = 0.0 if any(known) else model.net.temporal.config.shared_noise
        begun = sample(
            _denoiser(model, text, spec, condition, guess),
            scheduler_of(model, spec),
            _noise(spec, clip, "start", shared).to(begun.device),
            spec.steps,
            tick,
            stage=spec.stage,
            preview=lambda x: latent_to_rgb(x, model.preview_factors),
            known=_replaced(model, clip, given, spec) if any(known) else None,
            init_latents=begun if spec.start_step else None,
            start_step=spec.start_step,
            generators=partial(step_generators, spec.seed, spec.stage, spec.frames),
        )
    else:
        tick(Progress(spec.stage, 1, 1, preview=latent_to_rgb(begun, model.preview_factors)))
    return torch.where(given, clip, begun.float().cpu())


def scheduler_of(model: VideoModel, spec: FillSpec) -> Any:
    """The sampler that a spec names, on the model's noise schedule; the model's own without."""
    own = model.backbone.scheduler
    return scheduler_named(spec.sampler, own) if spec.sampler else own


@torch.no_grad()
def _guess(
    model: VideoModel, condition: tuple[Tensor, Tensor] | None, text: Text, spec: FillSpec
) -> Tensor | None:
    """What the holes show by words and given frames alone, (T, C, h, w); once for the whole walk,
    so that guidance does not magnify it."""
    if condition is None:
        return None
    at = torch.arange(len(spec.frames), device=condition[0].device)[None]
    return model.net.temporal.guess(condition, text.time_prompt, at, _rank(model, spec))


def _begun(clip: Tensor, known: tuple[bool, ...], guess: Tensor | None) -> Tensor:
    if guess is not None:
        return guess.float()
    return spread(clip[None], torch.tensor([known]))[0] if any(known) else clip


def _rank(model: VideoModel, spec: FillSpec) -> Tensor:
    return torch.tensor([float(spec.pass_index)], device=model.backbone.device.name)


def _noise(spec: FillSpec, clip: Tensor, purpose: str, shared: float = 0.0) -> Tensor:
    shape = tuple(clip.shape[1:])
    return clip_noise(spec.seed, spec.stage, spec.frames, shape, shared=shared, purpose=purpose)


def _replaced(model: VideoModel, clip: Tensor, given: Tensor, spec: FillSpec) -> KnownFrames:
    """The known frames at each noise level, as in training; the walk never drifts from them.

    Their noise is independent of the holes': a network that knows a frame could subtract it and read
    the hole's noise off, though it hides nothing yet.
    """
    device = model.backbone.device.name
    noise = _noise(spec, clip, "held")
    return KnownFrames(clip.to(device), given.to(device), noise.to(device))


def _condition(
    model: VideoModel, clip: Tensor, given: Tensor, spec: FillSpec
) -> tuple[Tensor, Tensor] | None:
    """Known latents spread over the holes (T, C, h, w), with noise of the level that the mask
    (T, 1, h, w) tells."""
    if not given.any():
        return None
    to = model.backbone.device
    level, noise = spec.context_noise, _noise(spec, clip, "known")
    seen = (1 - level**2) ** 0.5 * clip + level * noise
    seen = spread(seen[None], given.reshape(1, -1))[0]
    mask = (given * (1 - level)).expand(-1, 1, *clip.shape[-2:])
    return seen.to(to.name, to.dtype), mask.to(to.name, to.dtype)


def _denoiser(
    model: VideoModel,
    text: Text,
    spec: FillSpec,
    condition: tuple[Tensor, Tensor] | None,
    guess: Tensor | None,
) -> Denoiser:
    dtype, config = model.backbone.device.dtype, model.net.temporal.config
    levels = model.backbone.scheduler.config.num_train_timesteps
    rank = _rank(model, spec)

    def told(words: Tensor, time_words: Tensor, context: tuple[Tensor, Tensor] | None) -> Denoiser:
        def denoise(x: Tensor, t: float) -> Tensor:
            # Autocast would round the timestep; the network is already in its own precision.
            timestep = torch.full((len(x),), t)
            said = model.net(
                x.to(dtype),
                timestep.to(x.device),
                words,
                time_words,
                frames=len(x),
                condition=context,
                guess=guess,
                passes=rank,
                opening=config.opening(timestep / levels),
            )
            return said.float()

        return denoise

    prompt, negative = (text.prompt, text.time_prompt), (text.negative, text.time_negative)
    ends = config.guidance_ends * levels
    terms = [GuidanceTerm(told(*negative, condition), spec.guidance, ends)]
    if condition is not None:
        terms.append(GuidanceTerm(told(*prompt, None), spec.context_guidance))
    return guided(told(*prompt, condition), *terms)
