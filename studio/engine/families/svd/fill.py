"""A first frame animated: no words are read, and no other known frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import UNetSpatioTemporalConditionModel
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import (
    _resize_with_antialiasing,
)
from torch import Tensor
from transformers import CLIPVisionModelWithProjection

from studio.engine.autoencoders import AutoencoderCodec
from studio.engine.colours import matched
from studio.engine.device import Device
from studio.engine.noise import clip_noise, step_generators
from studio.engine.preview import SD_COLOURS, latent_to_rgb
from studio.engine.roles import FillSpec, Known, Words
from studio.engine.sampling import sample
from studio.engine.schedulers import scheduler_named
from studio.spec.card import Card
from studio.spec.part import FRAMES
from studio.spec.progress import Tick
from studio.spec.refusal import Refusal

MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Of the pixels that CLIP was trained with, in 0..1."""
FPS = 7.0
"""Frames a second where nobody says how many there are."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `FillSpec.options` may say to this family.

    `motion_bucket`, 1..255, is how much moves; `noise`, 0..1, what is put on the first frame, the
    more the freer the clip; `first_guidance` is the guidance of the first frame, from which it rises
    evenly to the spec's at the last; `colour_ramp`, in frames, as of `studio.engine.colours`.
    """

    motion_bucket: float = 127
    noise: float = 0.02
    first_guidance: float = 1.0
    colour_ramp: float = 16


@dataclass(frozen=True, slots=True)
class Animation:
    """The role "holes", in frames."""

    card: Card
    unet: UNetSpatioTemporalConditionModel
    image_encoder: CLIPVisionModelWithProjection
    codec: AutoencoderCodec
    scheduler: Any
    device: Device
    space: str = FRAMES

    def refuses(self, known: Known) -> str | None:
        """In a sentence, why these holes cannot be filled; None when they can."""
        name, most = self.card.name, self.card.window.most
        if all(known):
            return "There is no open frame to fill."
        if sum(known) != 1 or not known[0]:
            return f"{name} animates a first frame; it would ignore any other."
        return f"{name} makes at most {most} frames at once." if len(known) > most else None

    def latents_shape(self, width: int, height: int, frames: int) -> tuple[int, int, int, int]:
        """(T, C, h, w); a latent a frame."""
        return frames, 4, *self.card.grid.cells(width, height)

    @contextmanager
    def prompt(self, words: Words, adapter: Path | None) -> Iterator[None]:
        """Nothing: what is seen, and who, is in the first frame, which others made from words."""
        yield None

    @torch.no_grad()
    def fill(self, clip: Tensor, known: Known, prompt: None, spec: FillSpec, tick: Tick) -> Tensor:
        """Frames uint8 (T, H, W, 3) like `clip`; as the stock pipeline makes them from the same
        noise, the first put back."""
        if why := self.refuses(known):
            raise Refusal(why, "Use another model for these frames.")
        made = self.codec.decode(self.latents(clip, spec, tick).cpu(), lambda _: None)
        made = matched(made, clip, known, _options(spec).colour_ramp)
        return torch.where(torch.tensor(known)[:, None, None, None], clip, made)

    @torch.no_grad()
    def latents(self, clip: Tensor, spec: FillSpec, tick: Tick) -> Tensor:
        """Latents (T, C, h, w) of the whole window."""
        own = self.scheduler
        shape = self.latents_shape(clip.shape[2], clip.shape[1], len(clip))
        noise = clip_noise(spec.seed, spec.stage, spec.frames, shape[1:], purpose="start")
        return sample(
            self._denoiser(clip[0], spec),
            scheduler_named(spec.sampler, own) if spec.sampler else own,
            noise.to(self.device.name),
            spec.steps,
            tick,
            stage=spec.stage,
            preview=lambda latents: latent_to_rgb(latents, SD_COLOURS),
            generators=partial(step_generators, spec.seed, spec.stage, spec.frames),
        ).float()

    def _denoiser(self, frame: Tensor, spec: FillSpec) -> Any:
        """Guidance rises from frame to frame: the first is known well, the last hardly."""
        chosen, dtype, place = _options(spec), self.device.dtype, self.device.name
        seen, latent = self._seen(frame), self._encoded(frame, spec, chosen.noise)
        count = len(spec.frames)
        rise = torch.linspace(chosen.first_guidance, spec.guidance, count, device=place)
        scale = rise[:, None, None, None]
        numbers = [[(spec.fps or FPS) - 1, chosen.motion_bucket, chosen.noise]]
        times = torch.tensor(numbers, device=place, dtype=dtype)

        def predicted(x: Tensor, t: float, share: float) -> Tensor:
            beside = (share * latent).expand(count, -1, -1, -1)
            given = torch.cat([x.to(dtype), beside], 1)[None]
            found: Any = self.unet(given, t, share * seen, added_time_ids=times)
            return found.sample[0].float()

        def denoise(x: Tensor, t: float) -> Tensor:
            cond = predicted(x, t, 1.0)
            if spec.guidance == 1.0 and chosen.first_guidance == 1.0:
                return cond
            return cond + (scale - 1) * (cond - predicted(x, t, 0.0))

        return denoise

    def _seen(self, frame: Tensor) -> Tensor:
        """A frame (H, W, 3) as CLIP sees it, (1, 1, D)."""
        encoder: Any = self.image_encoder
        side = encoder.config.image_size
        pixels = frame.permute(2, 0, 1)[None].float() / 127.5 - 1
        fitted = (_resize_with_antialiasing(pixels, (side, side)) + 1) / 2
        mean, deviation = (torch.tensor(v)[:, None, None] for v in (MEAN, DEVIATION))
        given = ((fitted - mean) / deviation).to(self.device.name, self.device.dtype)
        return encoder(given).image_embeds[:, None]

    def _encoded(self, frame: Tensor, spec: FillSpec, level: float) -> Tensor:
        """A frame's latent (1, C, h, w) with weak noise in its pixels, not scaled."""
        vae: Any = self.codec.vae
        pixels = frame.permute(2, 0, 1)[None].float() / 127.5 - 1
        shape = tuple(pixels.shape[1:])
        noise = clip_noise(spec.seed, spec.stage, spec.frames[:1], shape, purpose="known")
        noisy = (pixels + level * noise).to(vae.device, vae.dtype)
        return vae.encode(noisy).latent_dist.mode().to(self.device.dtype)


def _options(spec: FillSpec) -> Options:
    try:
        return replace(Options(), **dict(spec.options))
    except TypeError as error:
        names = ", ".join(name for name, _ in spec.options)
        raise Refusal(
            f"Stable Video Diffusion has no such options: {names}.", "Leave them out."
        ) from error
