"""Wan's text to video as a student: a LoRA of its transformer, learned from stills by flow matching.

A still is a clip of one frame, whose latent is alone (Wan's autoencoder has the first frame so).  What
is predicted is the velocity, noise minus picture, along x = (1 - sigma) picture + sigma noise (Lipman et al.
2023), at levels that are shifted as the model's own are when it makes clips.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.device import Device
from studio.engine.diffusers_calls import config_of
from studio.engine.families.wan.network import Prompt, Wan
from studio.engine.families.wan.text import TOKENS
from studio.engine.roles import FillSpec
from studio.engine.subjects.student import Drawing, Nets, Sampler, Task, Texts
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.spec.progress import Tick, shifted

PART = "transformer"
TARGETS = {PART: ("to_q", "to_k", "to_v", "to_out.0", "ffn.net.0.proj", "ffn.net.2")}
SIZE = 512


@dataclass(frozen=True, slots=True)
class WanStudent:
    """A transformer that makes clips from words (`studio.engine.subjects.student.Student`)."""

    model: Wan

    @property
    def device(self) -> Device:
        return self.model.device

    @property
    def methods(self) -> tuple[str, ...]:
        return ("lora",)

    @property
    def networks(self) -> Nets:
        return {PART: self.model.experts.high}

    @property
    def adapted(self) -> Nets:
        return self.networks

    @property
    def targets(self) -> Mapping[str, tuple[str, ...]]:
        return TARGETS

    @property
    def idle(self) -> Sequence[nn.Module]:
        """The text encoder is not among them: it is gone once the prompts are encoded."""
        return [self.model.autoencoder.vae]

    @property
    def size(self) -> int:
        return SIZE

    def encode(self, pictures: Tensor) -> Tensor:
        encoder = self.model.autoencoder
        return torch.cat([encoder.encode(picture[None])[:, :, 0] for picture in pictures])

    def decode(self, latents: Tensor) -> np.ndarray:
        decoder = self.model.autoencoder
        return torch.cat([decoder.decode(latent[None, :, None]) for latent in latents]).numpy()

    def texts(self, prompts: Sequence[str]) -> Texts:
        different = list(dict.fromkeys(prompts))
        known = dict(zip(different, self.model.texts.encoded(*different), strict=True))
        return {"text": torch.cat([known[prompt] for prompt in prompts])}

    def task(self, x0: Tensor, eps: Tensor, at: np.ndarray) -> Task:
        config: Any = self.model.scheduler.config
        shift = config.get("flow_shift", config.get("shift", 1.0))
        level = torch.from_numpy(shift * at / (1 + (shift - 1) * at)).to(x0)
        there = level[:, None, None, None]
        times = level * config.num_train_timesteps
        return Task((1 - there) * x0 + there * eps, times, eps - x0)

    def predict(self, nets: Nets, noisy: Tensor, times: Tensor, texts: Texts) -> Tensor:
        if self.model.experts.per_token:
            _, down, across = config_of(self.model.experts.high).patch_size
            tokens = noisy.shape[-2] // down * (noisy.shape[-1] // across)
            times = times[:, None].expand(-1, tokens)
        text = texts["text"].float()
        return nets[PART](noisy[:, :, None], times, text, return_dict=False)[0][:, :, 0]

    @torch.no_grad()
    def draw(
        self, nets: Nets, prompts: Sequence[str], size: int, how: Drawing, tick: Tick
    ) -> Tensor:
        """As the model makes clips, one frame long."""
        network: Any = nets.get(PART, self.model.experts.high)
        model = replace(self.model, experts=replace(self.model.experts, high=network))
        shape, drawn = model.latents_shape(size, size, 1), []
        for number, text in enumerate(prompts):
            spec = FillSpec(f"{how.stage} pictures", (number,), how.seed, how.steps, how.guidance)
            prompt = Prompt(*model.texts.encoded(text, ""))
            condition = model.from_words(1, size, size, spec)
            counted = shifted(tick, number * how.steps, len(prompts) * how.steps)
            drawn.append(model.latents(prompt, spec, counted, shape, condition)[:, :, 0])
        return torch.cat(drawn)

    def blank(self, count: int, size: int) -> tuple[Tensor, Texts]:
        network, (_, channels, *cells) = (
            self.model.experts.high,
            self.model.latents_shape(size, size, 1),
        )
        place, text = network.device, config_of(network).text_dim
        latents = torch.zeros(count, channels, *cells, device=place)
        return latents, {"text": torch.zeros(count, TOKENS, text, device=place)}

    def moving(self, spec: SubjectSpec) -> Sampler | None:
        """A clip of it takes too long for a sample."""
        del spec
