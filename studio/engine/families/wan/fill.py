"""Frames around any set of known ones by Wan's image-to-video transformer, and clips from words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from studio.engine.device import Device
from studio.engine.families.wan.autoencoder import Autoencoder, to_pixels
from studio.engine.families.wan.colours import matched
from studio.engine.families.wan.conditions import Condition, FirstLatent, channels, unconditioned
from studio.engine.families.wan.text import Texts
from studio.engine.noise import clip_noise, step_generators
from studio.engine.preview import latent_to_rgb
from studio.engine.roles import FillSpec, Known, Words
from studio.engine.sampling import Denoiser, GuidanceTerm, guided, sample
from studio.engine.schedulers import scheduler_named
from studio.spec.card import FRAMES, Card
from studio.spec.progress import Preview, Progress, Tick
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Prompt:
    """Embeddings (1, tokens, D) of the prompt and of what should not be seen."""

    cond: Tensor
    uncond: Tensor


@dataclass(frozen=True, slots=True)
class Options:
    """What `FillSpec.options` may say to this family.

    `low_guidance` is the guidance of the expert for low noise, below nought for that of the other.
    `colour_ramp`, in frames, is that of `colours.matched`.
    """

    low_guidance: float = -1.0
    colour_ramp: float = 16


@dataclass(frozen=True, slots=True)
class Experts:
    """Transformers for high noise and, below `boundary` (a timestep), for low noise.

    `per_token` says that they take a timestep per token and the first latent as it is (TI2V-5B).
    """

    high: WanTransformer3DModel
    low: WanTransformer3DModel | None = None
    boundary: float = 0.0
    per_token: bool = False

    def at(self, t: float) -> WanTransformer3DModel:
        return self.high if self.low is None or t >= self.boundary else self.low


@dataclass(frozen=True, slots=True)
class Wan:
    """The roles "holes" (image to video), or "keyframes" (text to video), or both (TI2V), in frames.

    A window is encoded and decoded whole; known frames are put back as they were.
    """

    card: Card
    experts: Experts
    autoencoder: Autoencoder
    texts: Texts
    scheduler: Any
    device: Device
    preview_factors: Tensor
    space: str = FRAMES

    @property
    def conditioned(self) -> bool:
        """Whether the transformer has channels for known frames."""
        config: Any = self.experts.high.config
        return config.in_channels > config.out_channels

    def refuses(self, known: Known) -> str | None:
        """In a sentence, why these holes cannot be filled; None when they can."""
        name, window = self.card.name, self.card.window
        if all(known):
            return "There is no open frame to fill."
        if len(known) > window.most:
            return f"{name} fills at most {window.most} frames at once."
        if (len(known) - 1) % self.autoencoder.grid.temporal:
            step = self.autoencoder.grid.temporal
            return f"{name} makes 1, {1 + step}, {1 + 2 * step} … frames at once, not {len(known)}."
        return self._refuses_pattern(known)

    def _refuses_pattern(self, known: Known) -> str | None:
        name = self.card.name
        if self.conditioned:
            return None if any(known) else f"{name} makes no clip without a given frame."
        if not any(known):
            return None
        if not self.experts.per_token:
            return f"{name} makes clips from words and cannot fill around given frames."
        if sum(known) > 1 or not known[0]:
            return f"{name} reads no given frame but the first; it would ignore the others."
        return None

    def latents_shape(self, width: int, height: int, frames: int) -> tuple[int, int, int, int]:
        """(t, C, h, w) of a window of so many frames."""
        grid = self.autoencoder.grid
        return grid.latents(frames), self.autoencoder.channels, *grid.cells(width, height)

    @contextmanager
    def prompt(self, words: Words, adapter: Path | None) -> Iterator[Prompt]:
        """The words encoded; no subject can be put on Wan's transformer yet."""
        if adapter is not None or words.subject is not None:
            raise Refusal(
                f"{self.card.name} cannot put a subject on.",
                "Make the keyframes by a model that can, or render without the subject.",
            )
        yield Prompt(*self.texts.encoded(words.prompt, words.negative))

    def fill(
        self, clip: Tensor, known: Known, prompt: Prompt, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """Frames uint8 (T, H, W, 3) like `clip`, decoded, matched in colour to the known ones."""
        if why := self.refuses(known):
            raise Refusal(why, "Use another model for these frames.")
        options = _options(spec)
        if spec.start_step < spec.steps:
            frames = self.autoencoder.decode(self.latents(clip, known, prompt, spec, tick))
            frames = matched(frames, clip, known, options.colour_ramp)
        else:
            frames = blended(clip, known)
            tick(Progress(spec.stage, 1, 1))
        return torch.where(torch.tensor(known)[:, None, None, None], clip, frames)

    def latents(
        self, clip: Tensor, known: Known, prompt: Prompt, spec: FillSpec, tick: Tick
    ) -> Tensor:
        """Latents (1, C, t, h, w) of the whole clip, fp32, as the stock pipeline makes them."""
        noise = self._noise(clip, spec, "start")
        condition = self._condition(clip, known, spec)
        terms: list[tuple[Tensor, Condition, float, float]] = [
            (prompt.uncond, condition, spec.guidance, _low_guidance(spec))
        ]
        if any(known) and spec.context_guidance != 1:
            free = self._condition(clip, (False,) * len(known), spec)
            guidance = spec.context_guidance
            terms.append((prompt.cond, free, guidance, guidance))
        estimate = None
        if spec.start_step:
            estimate = self.autoencoder.encode(to_pixels(blended(clip, known)))
            estimate = estimate.to(noise.device)
        found = sample(
            self._denoiser(prompt.cond, condition, terms),
            scheduler_named(spec.sampler, self.scheduler) if spec.sampler else self.scheduler,
            noise,
            spec.steps,
            tick,
            stage=spec.stage,
            preview=self._preview,
            init_latents=estimate,
            start_step=spec.start_step,
            generators=lambda step: step_generators(spec.seed, spec.stage, spec.frames[:1], step),
        )
        return condition.put_in(found) if isinstance(condition, FirstLatent) else found

    def _noise(self, clip: Tensor, spec: FillSpec, purpose: str) -> Tensor:
        """Of the frame that a latent ends with, so that windows agree about it; (1, C, t, h, w)."""
        frames = spec.frames[:: self.autoencoder.grid.temporal]
        _, *shape = self.latents_shape(clip.shape[2], clip.shape[1], len(clip))
        noise = clip_noise(spec.seed, spec.stage, frames, tuple(shape), purpose=purpose)
        return noise.transpose(0, 1)[None].to(self.device.name)

    def _condition(self, clip: Tensor, known: Known, spec: FillSpec) -> Any:
        level, noise = spec.context_noise, self._noise(clip, spec, "known")
        mask = torch.tensor(known)
        if self.conditioned:
            return channels(self.autoencoder, clip, mask, level, noise)
        if self.experts.per_token:
            config: Any = self.experts.high.config
            return FirstLatent(self.autoencoder, clip, mask, config.patch_size, level, noise)
        return unconditioned

    def _denoiser(
        self,
        text: Tensor,
        condition: Condition,
        terms: list[tuple[Tensor, Condition, float, float]],
    ) -> Denoiser:
        """Each expert with its own guidance."""
        cond = partial(self._predict, text, condition)
        high, low = (
            guided(
                cond, *(GuidanceTerm(partial(self._predict, *term[:2]), term[k]) for term in terms)
            )
            for k in (2, 3)
        )
        return lambda x, t: (high if t >= self.experts.boundary else low)(x, t)

    def _predict(self, text: Tensor, condition: Condition, x: Tensor, t: float) -> Tensor:
        hidden, timestep = condition(x, t)
        dtype = self.device.dtype
        network: Any = self.experts.at(t)
        made = network(hidden.to(dtype), timestep, text.to(dtype), return_dict=False)
        return made[0].float()

    def _preview(self, latents: Tensor) -> Preview:
        return latent_to_rgb(latents[0].transpose(0, 1), self.preview_factors)


def blended(clip: Tensor, known: Known) -> Tensor:
    """Frames uint8 (T, H, W, 3) whose holes are the known frames around them, mixed by nearness."""
    ends = [frame for frame, is_known in enumerate(known) if is_known]
    if not ends:
        return torch.full_like(clip, 128)
    made = []
    for number in range(len(known)):
        before = max((k for k in ends if k <= number), default=ends[0])
        after = min((k for k in ends if k >= number), default=ends[-1])
        share = (number - before) / max(1, after - before)
        made.append(torch.lerp(clip[before].float(), clip[after].float(), share))
    return torch.stack(made).round().to(torch.uint8)


def _low_guidance(spec: FillSpec) -> float:
    low = _options(spec).low_guidance
    return spec.guidance if low < 0 else low


def _options(spec: FillSpec) -> Options:
    try:
        return replace(Options(), **dict(spec.options))
    except TypeError as error:
        names = ", ".join(name for name, _ in spec.options)
        raise Refusal(f"Wan has no such options: {names}.", "Leave them out.") from error
