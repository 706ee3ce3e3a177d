"""Pictures from words, one for each keyframe, by an image model alone."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.engine.backbone import Backbone
from studio.engine.diffusers_calls import config_of
from studio.engine.noise import clip_noise, step_generators
from studio.engine.preview import SD_COLOURS, latent_to_rgb
from studio.engine.roles import FillSpec, Known, Words
from studio.engine.sampling import Denoiser, GuidanceTerm, guided, sample
from studio.engine.schedulers import scheduler_named
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.words.prompting import Prompt, encoded
from studio.spec.card import Card
from studio.spec.part import LATENTS
from studio.spec.progress import Tick
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Options:
    """What `FillSpec.options` may say to this family.

    `shared_noise`, 0..1, is the share of the starting noise's variance that all frames have in
    common: pictures of one prompt and seed then have more of their layout in common.
    """

    shared_noise: float = 0.0


@dataclass(frozen=True, slots=True)
class Stills:
    """The role "keyframes", in latents: frames know nothing of one another."""

    card: Card
    backbone: Backbone
    colours: Tensor = SD_COLOURS
    """Of previews, from this model's latents."""
    space: str = LATENTS

    @property
    def student(self) -> ImageStudent:
        """See `studio.engine.subjects.student`."""
        return ImageStudent(self.backbone)

    def refuses(self, known: Known) -> str | None:
        """In a sentence, why these holes cannot be filled; None when they can."""
        name, most = self.card.name, self.card.window.most
        if all(known):
            return "There is no open frame to fill."
        if any(known):
            return f"{name} makes single pictures and cannot fill around given frames."
        return f"{name} makes at most {most} frames at once." if len(known) > most else None

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
        """Latents (T, C, h, w) like `clip`, of which the shape alone matters; each as the stock
        pipeline makes it from its noise."""
        if why := self.refuses(known):
            raise Refusal(why, "Use another model for these frames.")
        own = self.backbone.scheduler
        made = sample(
            guided(
                self._denoiser(prompt, 0),
                GuidanceTerm(self._denoiser(prompt, 1), spec.guidance),
            ),
            scheduler_named(spec.sampler, own) if spec.sampler else own,
            self._noise(spec, tuple(clip.shape[1:])).to(self.backbone.device.name),
            spec.steps,
            tick,
            stage=spec.stage,
            preview=lambda latents: latent_to_rgb(latents, self.colours),
            generators=partial(step_generators, spec.seed, spec.stage, spec.frames),
        )
        return made.float().cpu()

    def _noise(self, spec: FillSpec, shape: tuple[int, ...]) -> Tensor:
        shared = _options(spec).shared_noise
        return clip_noise(spec.seed, spec.stage, spec.frames, shape, shared=shared, purpose="start")

    def _denoiser(self, prompt: Prompt, way: int) -> Denoiser:
        """Towards the prompt, `way` 0, or what should not be seen, 1.  A frame at a time, so that a
        card holds one; its values do not hang on the others."""
        net: Any = self.backbone.unet
        words = (prompt.cond, prompt.uncond)[way].to(net.dtype)
        whole = None if prompt.pooled is None else prompt.pooled[way : way + 1].to(net.dtype)

        def denoise(x: Tensor, t: float) -> Tensor:
            added = None if whole is None else {"text_embeds": whole, "time_ids": self._sizes(x)}
            at = torch.full((1,), t, device=x.device)  # a number would tell steps apart by shapes
            frames = (
                net(frame.to(net.dtype), at, words, added_cond_kwargs=added).sample.float()
                for frame in x.split(1)
            )
            return torch.cat(list(frames))

        return denoise

    def _sizes(self, x: Tensor) -> Tensor:
        """What Stable Diffusion XL is told of a picture (1, 6): its height and width, that nothing
        was cut off above or to the left, and the size that is asked for."""
        side = self.card.grid.spatial
        size = [x.shape[-2] * side, x.shape[-1] * side]
        return torch.tensor([[*size, 0, 0, *size]], device=x.device, dtype=self.backbone.unet.dtype)


def _options(spec: FillSpec) -> Options:
    try:
        return Options(**dict(spec.options))
    except TypeError as error:
        names = ", ".join(name for name, _ in spec.options)
        raise Refusal(f"An image model has no such options: {names}.", "Leave them out.") from error
