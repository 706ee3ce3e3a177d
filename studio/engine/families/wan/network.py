"""Wan's networks and one sampling run from noise to latents."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from studio.engine.device import Device
from studio.engine.families.wan.autoencoder import Autoencoder
from studio.engine.families.wan.conditions import (
    Condition,
    FirstLatent,
    channels,
    control,
    first_latent,
    unconditioned,
)
from studio.engine.families.wan.pictures import Pictures
from studio.engine.families.wan.text import Texts
from studio.engine.lora.adapter import with_adapters
from studio.engine.lora.fitting import AdapterUse
from studio.engine.lora.spellings import TRANSFORMER
from studio.engine.noise import clip_noise, step_generators
from studio.engine.preview import latent_to_rgb
from studio.engine.roles import FillSpec, Known, Words
from studio.engine.sampling import Denoiser, GuidanceTerm, guided, sample
from studio.engine.schedulers import scheduler_named
from studio.engine.words.prompting import described
from studio.spec.card import Card
from studio.spec.progress import Preview, Tick
from studio.spec.prompts import with_subject
from studio.spec.refusal import Refusal
from studio.spec.weights import plain


@dataclass(frozen=True, slots=True)
class Prompt:
    """Embeddings (1, tokens, D) of the prompt and of what should not be seen."""

    cond: Tensor
    uncond: Tensor


@dataclass(frozen=True, slots=True)
class Options:
    """What `FillSpec.options` may say to this family.

    `low_guidance` is the guidance of the expert for low noise, below nought for that of the other.
    `colour_ramp`, in frames, is that of `colours.matched`; `control_scale` weighs VACE's control.
    """

    low_guidance: float = -1.0
    colour_ramp: float = 16
    control_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Experts:
    """Transformers for high noise and, below `boundary` (a timestep), for low noise.

    `per_token` says that they take a timestep per token and the first latent as it is (TI2V-5B).
    """

    high: WanTransformer3DModel
    low: WanTransformer3DModel | None = None
    boundary: float = 0.0
    per_token: bool = False

    @contextmanager
    def put_on(self, words: Words, adapter: Path | None = None) -> Iterator[None]:
        """The subject's adapter, and the LoRAs on both, or each on the one that it was made for; notes
        say how many layers of these matched."""
        use = words.subject
        first = (
            ()
            if adapter is None or use is None
            else (AdapterUse(adapter, use.strength, use.identity, use.name),)
        )
        nets = {"high": self.high} | ({} if self.low is None else {"low": self.low})
        with ExitStack() as stack:
            for expert, network in nets.items():
                mine = [use for use in words.loras if use.expert in ("", expert)]
                adapters = (*first, *(mine if self.low else words.loras))
                on = with_adapters({TRANSFORMER: network}, adapters)
                for match in stack.enter_context(on)[len(first) :]:
                    if (note := described(match)) not in words.notes:
                        words.notes.append(note)
            yield

    def at(self, t: float) -> WanTransformer3DModel:
        """The expert for a timestep."""
        return self.high if self.low is None or t >= self.boundary else self.low


@dataclass(frozen=True, slots=True)
class Wan:
    """What a model's files hold, made ready; `preview_factors` (C + 1, 3): latents to colours;
    `pictures` encodes frames for a transformer that also reads them so (Wan 2.1's image to video).
    """

    card: Card
    experts: Experts
    autoencoder: Autoencoder
    texts: Texts
    scheduler: Any
    device: Device
    preview_factors: Tensor
    pictures: Pictures | None = None

    @property
    def conditioned(self) -> bool:
        """Whether the transformer has channels for known frames."""
        return self._config.in_channels > self._config.out_channels

    @property
    def controlled(self) -> bool:
        """Whether known frames reach it through a control branch (VACE)."""
        return "vace_layers" in self._config

    @property
    def reads_ends(self) -> bool:
        """Whether it reads pictures of a first and of a last frame."""
        return self._config.get("pos_embed_seq_len") is not None

    @property
    def _config(self) -> Any:
        return self.experts.high.config

    def refuses_length(self, frames: int) -> str | None:
        """In a sentence, why no clip of so many frames is made at once."""
        name, most, step = self.card.name, self.card.window.most, self.autoencoder.grid.temporal
        if frames > most:
            return f"{name} fills at most {most} frames at once."
        if (frames - 1) % step:
            return f"{name} makes 1, {1 + step}, {1 + 2 * step} … frames at once, not {frames}."
        return None

    def latents_shape(self, width: int, height: int, frames: int) -> tuple[int, int, int, int]:
        """(t, C, h, w) of a window of so many frames."""
        grid = self.autoencoder.grid
        return grid.latents(frames), self.autoencoder.channels, *grid.cells(width, height)

    @contextmanager
    def prompt(self, words: Words, adapter: Path | None) -> Iterator[Prompt]:
        """The words encoded, with the subject and the LoRAs on the transformers meanwhile."""
        if self.experts.low is not None and (adapter is not None or words.subject is not None):
            raise Refusal(
                f"{self.card.name} is two networks, each of which would have to learn a subject.",
                "Render without the subject, or with a model of one transformer.",
            )
        prompt, negative, subject = words.prompt, words.negative, words.subject
        if subject is not None:
            prompt = with_subject(prompt, subject.token, subject.class_noun)
        if words.reading:
            prompt, negative = plain(prompt), plain(negative)
        with self.experts.put_on(words, adapter):
            yield Prompt(*self.texts.encoded(prompt, negative))

    def noise(self, spec: FillSpec, shape: tuple[int, int, int, int], purpose: str) -> Tensor:
        """Noise (1, C, t, h, w) for latents of `shape` (t, C, h, w): of the frame that a latent
        ends with, so that windows agree about it."""
        frames = spec.frames[:: self.autoencoder.grid.temporal]
        noise = clip_noise(spec.seed, spec.stage, frames, shape[1:], purpose=purpose)
        return noise.transpose(0, 1)[None].to(self.device.name)

    def latents(
        self,
        prompt: Prompt,
        spec: FillSpec,
        tick: Tick,
        shape: tuple[int, int, int, int],
        condition: Condition = unconditioned,
        *,
        free: Condition | None = None,
        estimate: Tensor | None = None,
    ) -> Tensor:
        """Latents (1, C, t, h, w), fp32, as the stock pipelines make them from the same noise.

        `context_guidance` leads away from what is made with the condition `free`; `estimate` is
        what is started from where steps are skipped.
        """
        terms = [(prompt.uncond, condition, spec.guidance, _low_guidance(spec))]
        if free is not None:
            terms.append((prompt.cond, free, spec.context_guidance, spec.context_guidance))
        found = sample(
            self._denoiser(prompt.cond, condition, terms),
            scheduler_named(spec.sampler, self.scheduler) if spec.sampler else self.scheduler,
            self.noise(spec, shape, "start"),
            spec.steps,
            tick,
            stage=spec.stage,
            preview=self._preview,
            init_latents=estimate,
            start_step=spec.start_step,
            generators=partial(step_generators, spec.seed, spec.stage, spec.frames[:1]),
        )
        return condition.put_in(found) if isinstance(condition, FirstLatent) else found

    def condition(self, clip: Tensor, known: Known, spec: FillSpec) -> Condition:
        """How the known frames of a clip, uint8 (T, H, W, 3), reach the transformer."""
        shape = self.latents_shape(clip.shape[2], clip.shape[1], len(clip))
        level, noise = spec.context_noise, self.noise(spec, shape, "known")
        mask = torch.tensor(known)
        if self.controlled:
            scale = torch.full((len(self._config.vace_layers),), options(spec).control_scale)
            return control(self.autoencoder, clip, mask, level, noise, scale)
        if self.conditioned:
            return channels(self.autoencoder, clip, mask, level, noise, self._seen(clip, known))
        return self._per_token(first_latent(self.autoencoder, clip, mask, level, noise))

    def _seen(self, clip: Tensor, known: Known) -> dict[str, Tensor]:
        """The known frames as the transformer reads pictures, where it does."""
        if self.pictures is None:
            return {}
        ends = [0, -1] if self.reads_ends else [0]
        seen = self.pictures.encoded([clip[end] if known[end] else None for end in ends])
        return {"encoder_hidden_states_image": seen}

    def from_words(self, frames: int, width: int, height: int, spec: FillSpec) -> Condition:
        """What the transformer reads where no frame is known."""
        if self.controlled:
            grey = torch.zeros(frames, height, width, 3, dtype=torch.uint8)
            return self.condition(grey, (False,) * frames, spec)
        return self._per_token(None) if self.experts.per_token else unconditioned

    def _per_token(self, latent: Tensor | None) -> FirstLatent:
        return FirstLatent(self._config.patch_size, latent)

    def _denoiser(
        self,
        text: Tensor,
        condition: Condition,
        terms: list[tuple[Tensor, Condition, float, float]],
    ) -> Denoiser:
        """Each expert with its own guidance."""
        cond = partial(self._predict, text, condition)
        against = [(partial(self._predict, *of[:2]), of[2], of[3]) for of in terms]
        high, low = (
            guided(cond, *(GuidanceTerm(uncond, scales[k]) for uncond, *scales in against))
            for k in (0, 1)
        )
        return lambda x, t: (high if t >= self.experts.boundary else low)(x, t)

    def _predict(self, text: Tensor, condition: Condition, x: Tensor, t: float) -> Tensor:
        hidden, timestep, more = condition(x, t)
        dtype = self.device.dtype
        network: Any = self.experts.at(t)
        others = {name: value.to(dtype) for name, value in more.items()}
        made = network(hidden.to(dtype), timestep, text.to(dtype), return_dict=False, **others)
        return made[0].float()

    def _preview(self, latents: Tensor) -> Preview:
        return latent_to_rgb(latents[0].transpose(0, 1), self.preview_factors)


def _low_guidance(spec: FillSpec) -> float:
    low = options(spec).low_guidance
    return spec.guidance if low < 0 else low


def options(spec: FillSpec) -> Options:
    """The spec's options; refused where they name what is none."""
    try:
        return replace(Options(), **dict(spec.options))
    except TypeError as error:
        names = ", ".join(name for name, _ in spec.options)
        raise Refusal(f"Wan has no such options: {names}.", "Leave them out.") from error
