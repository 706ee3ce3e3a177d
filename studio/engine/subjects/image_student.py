"""Stable Diffusion 1.x, 2.x and XL as a student: what is particular to it in a subject's training.

Of XL the image network learns alone; it reads both text encoders, the second one's text as a whole,
and sizes, as in diffusers' training scripts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.backbone import Backbone, token_ids
from studio.engine.device import Device
from studio.engine.diffusers_calls import config_of
from studio.engine.lora.fitting import networks_of
from studio.engine.noise import noise
from studio.engine.sampling import Denoiser, GuidanceTerm, guided, sample
from studio.engine.subjects.student import Drawing, Nets, Sampler, Task, Texts
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.engine.words.second_text import encode_both
from studio.spec.progress import Tick, shifted

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
TARGETS: Mapping[str, tuple[str, ...]] = {
    "unet": (*ATTENTION, "conv1", "conv2"),
    "text_encoder": ("q_proj", "k_proj", "v_proj", "out_proj"),
}
CELLS = 8192
"""Cells of latents that are drawn at once: two pictures of 512 pixels a side."""
MOST = 8
"""Pictures that are drawn at once, however small."""


@dataclass(frozen=True, slots=True)
class ImageStudent:
    """An image model of Stable Diffusion's layout (`studio.engine.subjects.student.Student`)."""

    backbone: Backbone

    @property
    def device(self) -> Device:
        return self.backbone.device

    @property
    def methods(self) -> tuple[str, ...]:
        return ("lora", "dreambooth") if self.backbone.second is None else ("lora",)

    @property
    def networks(self) -> Nets:
        image = {"unet": self.backbone.unet}
        if self.backbone.second is not None:
            return image
        return {**image, "text_encoder": self.backbone.text_encoder}

    @property
    def adapted(self) -> Nets:
        return networks_of(self.backbone)

    @property
    def targets(self) -> Mapping[str, tuple[str, ...]]:
        """Of XL those of diffusers' script for it."""
        return TARGETS if self.backbone.second is None else {"unet": ATTENTION}

    @property
    def idle(self) -> Sequence[nn.Module]:
        second = self.backbone.second
        texts = [] if second is None else [self.backbone.text_encoder, second.encoder]
        return [self.backbone.vae, *texts]

    @property
    def size(self) -> int:
        unet: Any = self.backbone.unet
        return unet.config.sample_size * self.backbone.reduction

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        vae: Any = self.backbone.vae  # its library's own annotations miss `config` and outputs
        mean = vae.encode(pictures.to(vae.device, vae.dtype)).latent_dist.mean
        # torch 2.13: frozen group norms whose channels come last end the process in their backward
        return mean.float().contiguous() * vae.config.scaling_factor

    @torch.no_grad()
    def decode(self, latents: Tensor) -> np.ndarray:
        vae: Any = self.backbone.vae
        scaled = latents.to(vae.device, vae.dtype) / vae.config.scaling_factor
        pictures = vae.decode(scaled).sample.float()
        bytes_ = ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
        return bytes_.permute(0, 2, 3, 1).cpu().numpy()

    @torch.no_grad()
    def texts(self, prompts: Sequence[str]) -> Texts:
        return self._read({}, list(prompts))

    def task(self, x0: Tensor, eps: Tensor, at: np.ndarray) -> Task:
        scheduler: Any = self.backbone.scheduler
        levels = (at * scheduler.config.num_train_timesteps).astype(np.int64)
        t = torch.from_numpy(levels).to(x0.device)
        kind = scheduler.config.prediction_type
        target = x0 if kind == "sample" else eps
        if kind == "v_prediction":
            target = scheduler.get_velocity(x0, eps, t)
        return Task(scheduler.add_noise(x0, eps, t), t, target)

    def predict(self, nets: Nets, noisy: Tensor, times: Tensor, texts: Texts) -> Tensor:
        """With the text encoder among the learning ones, it reads the prompts anew."""
        if "text_encoder" in nets:
            texts = {"text": nets["text_encoder"](texts["ids"])[0]}
        else:
            texts = {name: t.float() for name, t in texts.items() if name != "ids"}
        return self._made(nets["unet"], noisy, times, texts)

    @torch.no_grad()
    def draw(
        self, nets: Nets, prompts: Sequence[str], size: int, how: Drawing, tick: Tick
    ) -> Tensor:
        """By DDIM."""
        backbone, side = self.backbone, size // self.backbone.reduction
        unet: Any = backbone.unet
        batch = how.batch or min(MOST, max(1, CELLS // side**2))
        starts, drawn = range(0, len(prompts), batch), []
        for number, first in enumerate(starts):
            part = list(prompts[first : first + batch])
            shape = (unet.config.in_channels, side, side)
            numbers = range(first, first + len(part))
            start = torch.stack([noise(how.seed, how.stage, k, shape) for k in numbers])
            uncond = GuidanceTerm(self._denoiser(nets, [""] * len(part)), how.guidance)
            denoise = guided(self._denoiser(nets, part), uncond)
            counted = shifted(tick, number * how.steps, len(starts) * how.steps)
            start, stage = start.to(backbone.device.name), f"{how.stage} pictures"
            drawn.append(
                sample(denoise, backbone.scheduler, start, how.steps, counted, stage=stage)
            )
        return torch.cat(drawn)

    def blank(self, count: int, size: int) -> tuple[Tensor, Texts]:
        backbone, side = self.backbone, size // self.backbone.reduction
        unet, place = config_of(backbone.unet), backbone.unet.device
        latents = torch.zeros(count, unet.in_channels, side, side, device=place)
        tokens = backbone.text_encoder.config.max_position_embeddings
        text = torch.zeros(count, tokens, unet.cross_attention_dim, device=place)
        if backbone.second is None:
            ids = torch.zeros(count, tokens, dtype=torch.long, device=place)
            return latents, {"ids": ids, "text": text}
        whole: Any = backbone.second.encoder.config
        return latents, {
            "text": text,
            "pooled": torch.zeros(count, whole.projection_dim, device=place),
        }

    def moving(self, spec: SubjectSpec) -> Sampler | None:
        """It makes pictures alone."""
        del spec

    def _read(self, nets: Nets, prompts: list[str]) -> Texts:
        """Prompts as text encoders read them: the model's own, or those of `nets`."""
        backbone = self.backbone
        encoder: Any = nets.get("text_encoder", backbone.text_encoder)
        if backbone.second is None:
            ids = token_ids(backbone, prompts)
            return {"ids": ids, "text": encoder(ids)[0]}
        known = {
            text: encode_both(encoder, backbone.tokenizer, backbone.second, text)
            for text in dict.fromkeys(prompts)
        }
        both = [known[text] for text in prompts]
        return {
            "text": torch.cat([tokens for tokens, _ in both]),
            "pooled": torch.cat([whole for _, whole in both]),
        }

    def _denoiser(self, nets: Nets, prompts: list[str]) -> Denoiser:
        unet: Any = nets.get("unet", self.backbone.unet)
        dtype = next(unet.parameters()).dtype
        read = self._read(nets, prompts)
        texts = {name: t.to(dtype) for name, t in read.items() if name != "ids"}
        return lambda x, t: self._made(unet, x.to(dtype), t, texts).float()

    def _made(self, unet: Any, x: Tensor, t: Any, texts: Texts) -> Tensor:
        if "pooled" not in texts:
            return unet(x, t, texts["text"]).sample
        added = {"text_embeds": texts["pooled"], "time_ids": self._sizes(x, texts["pooled"].dtype)}
        return unet(x, t, texts["text"], added_cond_kwargs=added).sample

    def _sizes(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """What XL is told of each picture (N, 6), as it is told where pictures are made: its height and
        width, that nothing was cut off above or to the left, and the size that is asked for."""
        size = [side * self.backbone.reduction for side in x.shape[-2:]]
        return torch.tensor([[*size, 0, 0, *size]], device=x.device, dtype=dtype).expand(len(x), -1)
