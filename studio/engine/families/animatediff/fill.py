"""Keyframes from words by a motion module, and frames around given ones by SparseCtrl."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import SparseControlNetModel, UNetMotionModel
from torch import Tensor

from studio.engine.backbone import Backbone
from studio.engine.between import blended
from studio.engine.device import set_attention
from studio.engine.diffusers_calls import config_of
from studio.engine.families.animatediff import published
from studio.engine.families.animatediff.contexts import Contexts
from studio.engine.noise import clip_noise, step_generators
from studio.engine.preview import SD_COLOURS, latent_to_rgb
from studio.engine.roles import FillSpec, Known, Words
from studio.engine.sampling import Denoiser, GuidanceTerm, KnownFrames, guided, sample
from studio.engine.schedulers import scheduler_named
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.words.prompting import Prompt, encoded
from studio.spec.card import Card
from studio.spec.part import LATENTS
from studio.spec.progress import Preview, Progress, Tick
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Options:
    """What `FillSpec.options` may say to this family.

    `context_length` frames are denoised at once, and neighbouring contexts share `context_overlap`
    (`contexts`); `control_scale` weighs SparseCtrl's residuals.  With `replace_known`, 0 or 1, given
    frames also stand in the noisy clip at each noise level (RePaint); the published pipeline does
    not do so.
    """

    context_length: float = 16
    context_overlap: float = 4
    control_scale: float = 1.0
    replace_known: float = 0.0


@dataclass(frozen=True, slots=True)
class Still:
    """What the image model was before the motion module came: its UNet's config, its scheduler."""

    config: Mapping[str, Any]
    scheduler: Any


@dataclass(frozen=True, slots=True)
class AnimateDiff:
    """The roles "keyframes" and, with SparseCtrl, "holes", both in latents.

    `backbone.unet` is the UNet with the motion module in it, and keeps the image UNet's names, so
    that subjects fit.
    """

    card: Card
    backbone: Backbone
    control: SparseControlNetModel | None = None
    space: str = LATENTS
    still: Still | None = None

    @property
    def unet(self) -> UNetMotionModel:
        unet: Any = self.backbone.unet
        return unet

    @property
    def student(self) -> ImageStudent | None:
        """The image model, by itself: subjects that it learns fit the UNet with the motion module."""
        if self.still is None:
            return None
        net: Any = published.image_unet(self.unet, self.still.config)
        set_attention(net, self.backbone.device)
        return ImageStudent(replace(self.backbone, unet=net, scheduler=self.still.scheduler))

    def refuses(self, known: Known) -> str | None:
        """In a sentence, why these holes cannot be filled; None when they can."""
        name, most = self.card.name, self.card.window.most
        if all(known):
            return "There is no open frame to fill."
        if any(known) and self.control is None:
            return f"{name} has no SparseCtrl network, so it cannot fill around given frames."
        if len(known) > most:
            return f"{name} fills at most {most} frames at once."
        return None

    def latents_shape(self, width: int, height: int, frames: int) -> tuple[int, int, int, int]:
        """(T, C, h, w); a latent a frame."""
        channels = config_of(self.backbone.vae).latent_channels
        return frames, channels, *self.card.grid.cells(width, height)

    def prompt(self, words: Words, adapter: Path | None) -> AbstractContextManager[Prompt]:
        """The words encoded, with the subject on meanwhile, in UNet and text encoder."""
        return encoded(self.backbone, words, adapter)

    def fill(
        self, clip: Tensor, known: Known, prompt: Prompt, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """Latents (T, C, h, w) like `clip`; as the stock pipelines make them from the same noise."""
        if why := self.refuses(known):
            raise Refusal(why, "Use another model for these frames.")
        mask = torch.tensor(known)[:, None, None, None]
        clip = torch.where(mask, clip, torch.zeros(()))
        estimate = blended(clip, known) if any(known) else clip
        if spec.start_step < spec.steps:
            estimate = _Filling(self, clip, mask, prompt, spec).run(estimate, tick)
        else:
            tick(Progress(spec.stage, 1, 1, preview=_preview(estimate)))
        return torch.where(mask, clip, estimate.float().cpu())


def _preview(latents: Tensor) -> Preview:
    return latent_to_rgb(latents, SD_COLOURS)


class _Filling:
    """One call of `AnimateDiff.fill`: what stays the same from step to step."""

    def __init__(
        self, model: AnimateDiff, clip: Tensor, mask: Tensor, prompt: Prompt, spec: FillSpec
    ) -> None:
        self.model, self.prompt, self.spec, self.clip, self.mask = model, prompt, spec, clip, mask
        self.options = _options(spec)
        self.device, self.dtype = model.backbone.device.name, model.unet.dtype
        positions = next(b for n, b in model.unet.named_buffers() if n.endswith("pos_embed.pe"))
        length = max(1, min(int(self.options.context_length), positions.shape[1]))
        overlap = max(0, min(int(self.options.context_overlap), length - 1))
        self.contexts = Contexts(length, overlap)

    def run(self, estimate: Tensor, tick: Tick) -> Tensor:
        spec, own = self.spec, self.model.backbone.scheduler
        terms = [GuidanceTerm(self._denoiser(self.prompt.uncond), spec.guidance)]
        if self.mask.any():
            free = self._denoiser(self.prompt.cond, controlled=False)
            terms.append(GuidanceTerm(free, spec.context_guidance))
        return sample(
            guided(self._denoiser(self.prompt.cond), *terms),
            scheduler_named(spec.sampler, own) if spec.sampler else own,
            self._noise("start").to(self.device),
            spec.steps,
            tick,
            stage=spec.stage,
            preview=_preview,
            known=self._known() if self.options.replace_known and self.mask.any() else None,
            init_latents=estimate.to(self.device) if spec.start_step else None,
            start_step=spec.start_step,
            generators=partial(step_generators, spec.seed, spec.stage, spec.frames),
        )

    def _noise(self, purpose: str) -> Tensor:
        spec, shape = self.spec, tuple(self.clip.shape[1:])
        return clip_noise(spec.seed, spec.stage, spec.frames, shape, purpose=purpose)

    def _known(self) -> KnownFrames:
        kept = (self.clip, self.mask, self._noise("held"))
        return KnownFrames(*(part.to(self.device) for part in kept))

    def _denoiser(self, text: Tensor, *, controlled: bool = True) -> Denoiser:
        condition, mask = self._condition()

        def denoise(x: Tensor, t: float) -> Tensor:
            timestep = torch.full((1,), t, device=x.device)

            def predict(context: range) -> Tensor:
                part = slice(context.start, context.stop)
                words = text.to(self.dtype).expand(len(context), -1, -1)
                noisy = _clip_axes(x[part].to(self.dtype))
                has_known = self.model.control is not None and bool(self.mask[part].any())
                residuals = {}
                if controlled and has_known:
                    residuals = self._residuals(noisy, timestep, words, condition[part], mask[part])
                prediction = self.model.unet(noisy, timestep, words, **residuals).sample
                return prediction[0].transpose(0, 1).float()

            return self.contexts.mixed(len(x), predict)

        return denoise

    def _condition(self) -> tuple[Tensor, Tensor]:
        """Given latents with `context_noise` on them, zero in the holes, (T, C, h, w), and their
        mask (T, 1, h, w)."""
        level = self.spec.context_noise
        shown = (1 - level**2) ** 0.5 * self.clip + level * self._noise("known")
        shown = torch.where(self.mask, shown, torch.zeros(()))
        mask = self.mask.expand(-1, 1, *self.clip.shape[-2:])
        return shown.to(self.device, self.dtype), mask.to(self.device, self.dtype)

    def _residuals(
        self, noisy: Tensor, timestep: Tensor, words: Tensor, condition: Tensor, mask: Tensor
    ) -> dict[str, Any]:
        control: Any = self.model.control
        down, middle = control(
            noisy,
            timestep,
            encoder_hidden_states=words,
            controlnet_cond=_clip_axes(condition),
            conditioning_mask=_clip_axes(mask),
            conditioning_scale=self.options.control_scale,
            return_dict=False,
        )
        return {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}


def _clip_axes(frames: Tensor) -> Tensor:
    """(T, C, h, w) → (1, C, T, h, w)."""
    return frames.transpose(0, 1)[None]


def _options(spec: FillSpec) -> Options:
    try:
        return replace(Options(), **dict(spec.options))
    except TypeError as error:
        names = ", ".join(name for name, _ in spec.options)
        raise Refusal(f"AnimateDiff has no such options: {names}.", "Leave them out.") from error
