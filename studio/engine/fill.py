"""The one generating act: a clip with holes, some frames of which are known; fill the rest.

Video LDM's keyframes, prediction and interpolation differ only in which frames are known
(sections 3.1 to 3.3 of the paper).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from studio.engine.noise import clip_noise
from studio.engine.preview import latent_to_rgb
from studio.engine.sampling import Denoiser, ddim, guided
from studio.engine.videomodel import VideoModel
from studio.spec.progress import Tick
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Text:
    """Embeddings (1, L, D) of prompt and negative prompt, for space and for time."""

    prompt: Tensor
    negative: Tensor
    time_prompt: Tensor
    time_negative: Tensor


@dataclass(frozen=True, slots=True)
class FillSpec:
    """How to fill: `frames` are absolute positions, which the noise belongs to."""

    stage: str
    frames: tuple[int, ...]
    seed: int
    steps: int
    guidance: float


def fill(
    model: VideoModel, clip: Tensor, known: tuple[bool, ...], text: Text, spec: FillSpec, tick: Tick
) -> Tensor:
    """Latents (T, C, h, w), fp32 on the CPU, whose known frames are those of `clip`, bit for bit.

    `clip` has the same shape; what it holds in the holes is never looked at.  A pattern that the
    model was not taught is refused.
    """
    if why := model.refuses(known):
        raise Refusal(why, "Use a model that was taught to, or leave all frames open.")
    device = model.backbone.device
    condition = _condition(clip, known).to(device.name) if any(known) else None
    start = clip_noise(
        spec.seed,
        spec.stage,
        spec.frames,
        tuple(clip.shape[1:]),
        shared=model.net.temporal.config.shared_noise,
    )
    filled = ddim(
        _denoiser(model, text, spec.guidance, condition),
        model.backbone.scheduler,
        start.to(device.name),
        spec.steps,
        tick,
        stage=spec.stage,
        preview=lambda x: latent_to_rgb(x, model.preview_factors),
    )
    keep = torch.tensor(known)[:, None, None, None]
    return torch.where(keep, clip, filled.float().cpu())


def _condition(clip: Tensor, known: tuple[bool, ...]) -> Tensor:
    """(T, C + 1, h, w): the known latents, zero in the holes, and the mask."""
    mask = torch.tensor(known, dtype=clip.dtype)[:, None, None, None]
    mask = mask.expand(-1, 1, *clip.shape[-2:])
    return torch.cat([torch.where(mask > 0, clip, torch.zeros(())), mask], 1)


def _denoiser(model: VideoModel, text: Text, guidance: float, condition: Tensor | None) -> Denoiser:
    dtype, config = model.backbone.device.dtype, model.net.temporal.config
    levels = model.backbone.scheduler.config.num_train_timesteps

    def with_text(words: Tensor, time_words: Tensor) -> Denoiser:
        def denoise(x: Tensor, t: Tensor) -> Tensor:
            # Autocast would round the timestep; the network is already in its own precision.
            parts = None
            if condition is not None:
                parts = (condition[:, :-1].to(dtype), condition[:, -1:].to(dtype))
            t = t.expand(len(x))
            guess = model.net(
                x.to(dtype),
                t,
                words,
                time_words,
                frames=len(x),
                condition=parts,
                opening=None if parts else config.opening(t / levels),
            )
            return guess.float()

        return denoise

    return guided(
        with_text(text.prompt, text.time_prompt),
        with_text(text.negative, text.time_negative),
        guidance,
        ends=config.guidance_ends * levels,
    )
