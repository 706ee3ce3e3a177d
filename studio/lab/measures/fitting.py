"""What must fit into which card, by shapes at full size: each row is the real code on networks of a
published layout without weights, with the steps of the ladder that it takes to fit."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLWan,
    DDIMScheduler,
    UNet2DConditionModel,
    WanTransformer3DModel,
)
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, UMT5Config, UMT5EncoderModel

from studio.engine.backbone import Backbone
from studio.engine.checkpoints import layouts
from studio.engine.device import SHAPES, Device, set_attention
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.wan.autoencoder import Autoencoder
from studio.engine.memory.live import weights
from studio.engine.memory.modes import counting
from studio.engine.memory.once import each_once
from studio.engine.memory.streaming import stream
from studio.engine.memory.training_needs import training_need
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.lab.measures import memory
from studio.spec.plan.need import Need
from studio.spec.plan.plan import MARGIN
from studio.spec.plan.steps import LEARNING, STREAMED, TILED

GB = 2**30
"""As graphics cards count."""
Q4 = 144 / 256
"""Bytes a weight of GGUF's Q4_K: blocks of 256 in 144 bytes."""
CARD = Device(SHAPES, torch.float16)
"""A card that computes in half precision, by shapes."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is done, gigabytes of the card, the steps taken, and what it takes."""

    what: str
    card: int
    steps: tuple[str, ...]
    need: Need

    @property
    def fits(self) -> bool:
        """With the margin that a plan asks for."""
        return self.need.device * MARGIN <= self.card * GB


def rows(chosen: Sequence[str] = ()) -> Iterator[Row]:
    """Of each of `CASES`, or of those chosen, the first way that fits, or the lightest."""
    for name in chosen or CASES:
        card, ways, needs = CASES[name]
        row = None
        for steps in ways:
            row = Row(name, card, steps, needs(steps))
            if row.fits:
                break
        assert row is not None
        yield row


@cache
def _training(method: str) -> Callable[[tuple[str, ...]], Need]:
    @cache
    def need(steps: tuple[str, ...]) -> Need:
        backbone, temporal = sd15()
        spec = SubjectSpec("dog", method=method)  # pyright: ignore[reportArgumentType]
        return training_need(_BesideLayers(backbone, temporal), spec, steps)

    return need


@dataclass(frozen=True, slots=True)
class _BesideLayers(ImageStudent):
    """An image model with layers over time beside it, which do not learn."""

    temporal: TemporalLayers

    @property
    def idle(self) -> Sequence[nn.Module]:
        return [self.backbone.vae, self.temporal]


def sd15() -> tuple[Backbone, TemporalLayers]:
    """Stable Diffusion 1.5 and our layers over time, in half precision."""
    words: dict[str, Any] = {"hidden_size": 768, "intermediate_size": 3072}
    with torch.device(SHAPES):
        unet = UNet2DConditionModel(**layouts.SD15_UNET, sample_size=64)
        vae = AutoencoderKL(**layouts.SD_AUTOENCODER)
        text = CLIPTextModel(CLIPTextConfig(**words, num_hidden_layers=12, num_attention_heads=12))
        temporal = TemporalLayers(unet, TemporalConfig())
    nets: list[Any] = [unet, vae, text, temporal]
    for net in nets:
        nn.Module.to(net, torch.float16).eval().requires_grad_(False)
    set_attention(unet, CARD)
    tokenizer: Any = None
    return Backbone(unet, vae, text, tokenizer, DDIMScheduler(), CARD), temporal


def _clip(steps: tuple[str, ...]) -> Need:
    """113 frames of 1280 × 2048: the stage that takes most, at the size it works at."""
    del steps
    stages = memory.predicted(512, 320, torch.float16)
    most = max(stages.values(), key=lambda need: need.weights + need.working)
    return Need(most.weights, most.working)


def _known_frame(steps: tuple[str, ...]) -> Need:
    """A frame of 1280 × 2048 that a clip goes on from, at that size."""
    del steps
    name = "a known frame encoded"
    return memory.predicted(2048, 1280, torch.float16, [name])[name]


@dataclass(frozen=True, slots=True)
class _Wan:
    """A published size of Wan, and a clip (frames, height, width) that it is used for; `per_token`:
    each token has a timestep of its own (`Experts`)."""

    transformer: dict[str, Any]
    vae: dict[str, Any]
    clip: tuple[int, int, int]
    experts: int = 1
    bytes_a_weight: float = 2.0
    per_token: bool = False

    def need(self, steps: tuple[str, ...]) -> Need:
        """The most that words, known frames, denoising or decoding take, one after the other."""
        ways = (self._words, self._encode, self._denoise, self._decode)
        found = [way(steps) for way in ways]
        device = max(need.device for need in found)
        return Need(0, device, max(need.host for need in found), sum(n.flops for n in found))

    def _denoise(self, steps: tuple[str, ...]) -> Need:
        with torch.device(SHAPES):
            net = WanTransformer3DModel(**self.transformer)
        nn.Module.to(net, torch.float16).eval().requires_grad_(False)
        grid = AutoencoderGrid(**{k: self.vae[k] for k in ("spatial", "z_dim")})
        frames, height, width = self.clip
        size = (1 + (frames - 1) // 4, height // grid.spatial, width // grid.spatial)
        x = _empty(1, self.transformer["in_channels"], *size)
        tokens = (1, size[0] * (size[1] // 2) * (size[2] // 2)) if self.per_token else (1,)
        t, text = torch.zeros(tokens, device=SHAPES), _empty(1, 512, 4096)
        return self._counted(net, lambda: net(x, t, text, return_dict=False), steps)

    def _encode(self, steps: tuple[str, ...]) -> Need:
        """A clip that is grey where nothing is known; where each token has its own timestep the first
        frame alone."""
        vae, (frames, height, width) = self._autoencoder(steps), self.clip
        size = (1 if self.per_token else frames, 3, height, width)
        pixels = torch.empty(size, device=SHAPES)
        return self._of_autoencoder(vae, vae.encoder, lambda: Autoencoder(vae).encode(pixels))

    def _decode(self, steps: tuple[str, ...]) -> Need:
        vae, (frames, height, width) = self._autoencoder(steps), self.clip
        spatial = self.vae["spatial"]
        size = (1 + (frames - 1) // 4, height // spatial, width // spatial)
        z = torch.empty(1, self.vae["z_dim"], *size, device=SHAPES)
        return self._of_autoencoder(vae, vae.decoder, lambda: Autoencoder(vae).decode(z))

    def _autoencoder(self, steps: tuple[str, ...]) -> Any:
        with torch.device(SHAPES):
            config = {k: v for k, v in self.vae.items() if k != "spatial"}
            vae: Any = AutoencoderKLWan(**config)
        vae.eval().requires_grad_(False)
        if TILED in steps:
            vae.enable_tiling()
        return vae

    def _of_autoencoder(self, vae: Any, called: nn.Module, run: Callable[[], object]) -> Need:
        with counting([vae]) as live, each_once(live, [called]):
            run()
        return Need(weights([vae]), live.peaks[SHAPES], live.peaks["cpu"], live.flops)

    def _words(self, steps: tuple[str, ...]) -> Need:
        with torch.device(SHAPES):
            net = UMT5EncoderModel(UMT5Config(**UMT5_XXL))
        nn.Module.to(net, torch.float16).eval().requires_grad_(False)
        ids = torch.zeros(1, 512, dtype=torch.long, device=SHAPES)
        mask = torch.ones(1, 512, dtype=torch.long, device=SHAPES)
        return self._counted(net, lambda: net(ids, mask), steps, 1)

    def _counted(
        self, net: nn.Module, run: Callable[[], object], steps: tuple[str, ...], copies: int = 0
    ) -> Need:
        held = weights([net])
        if STREAMED in steps:
            stream(net, SHAPES)
        with torch.no_grad(), counting([net]) as live:
            run()
        stored = int(held * (self.bytes_a_weight / 2 if not copies else 1)) * (
            copies or self.experts
        )
        if STREAMED in steps:
            return Need(0, live.peaks[SHAPES], stored, live.flops)
        return Need(stored, live.peaks[SHAPES], 0, live.flops)


@dataclass(frozen=True, slots=True)
class AutoencoderGrid:
    """Pixels to a latent's cell along a side, and channels."""

    spatial: int
    z_dim: int


def _empty(*shape: int) -> torch.Tensor:
    return torch.empty(shape, device=SHAPES, dtype=torch.float16)


UMT5_XXL = {
    "vocab_size": 256384, "d_model": 4096, "d_ff": 10240, "d_kv": 64, "num_heads": 64,
    "num_layers": 24, "feed_forward_proj": "gated-gelu",
}  # fmt: skip
TI2V_5B = {
    "num_attention_heads": 24, "attention_head_dim": 128, "ffn_dim": 14336, "num_layers": 30,
    "in_channels": 48, "out_channels": 48, "text_dim": 4096,
}  # fmt: skip
A14B = {
    "num_attention_heads": 40, "attention_head_dim": 128, "ffn_dim": 13824, "num_layers": 40,
    "in_channels": 36, "out_channels": 16, "text_dim": 4096,
}  # fmt: skip
VAE_21: dict[str, Any] = {"spatial": 8, "z_dim": 16}
VAE_22: dict[str, Any] = {
    "spatial": 16, "z_dim": 48, "base_dim": 160, "decoder_base_dim": 256, "in_channels": 12,
    "out_channels": 12, "is_residual": True, "patch_size": 2, "scale_factor_spatial": 16,
    "latents_mean": [0.0] * 48, "latents_std": [1.0] * 48,
}  # fmt: skip
_LEARNING = tuple(LEARNING[:count] for count in range(len(LEARNING) + 1))
_WAN = ((), (TILED,), (TILED, STREAMED))
_5B = _Wan(TI2V_5B, VAE_22, (121, 704, 1280), per_token=True)
_14B = _Wan(A14B, VAE_21, (81, 480, 832), experts=2, bytes_a_weight=Q4)

CASES: dict[str, tuple[int, Sequence[tuple[str, ...]], Callable[[tuple[str, ...]], Need]]] = {
    "LoRA of SD 1.5 at 512 × 512": (8, _LEARNING, _training("lora")),
    "DreamBooth of SD 1.5 at 512 × 512": (16, _LEARNING, _training("dreambooth")),
    "DreamBooth of SD 1.5 in 12 GB": (12, _LEARNING, _training("dreambooth")),
    "113 frames of 2048 × 1280, SD 1.5, our layers, × 4": (8, ((),), _clip),
    "a known frame of 2048 × 1280 encoded, SD 1.5": (8, ((),), _known_frame),
    "Wan TI2V-5B, 121 frames of 1280 × 704": (8, _WAN, _5B.need),
    "Wan I2V-A14B (Q4), 81 frames of 832 × 480": (12, _WAN, _14B.need),
    "Wan I2V-A14B (Q4), 81 frames of 1280 × 704": (
        16, _WAN, replace(_14B, clip=(81, 704, 1280)).need,
    ),
}  # fmt: skip
"""By what is done: gigabytes of the card, the ways in order, and what each takes."""


def markdown(found: Sequence[Row]) -> str:
    """The table."""
    lines = [
        "| what | card, GB | takes, GB | beside it, GB | fits | how |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        need, how = row.need, ", ".join(row.steps) or "as usual"
        lines.append(
            f"| {row.what} | {row.card} | {need.device / GB:.1f} | {need.host / GB:.1f} "
            f"| {'yes' if row.fits else 'no'} | {how} |"
        )
    return "\n".join(lines)
