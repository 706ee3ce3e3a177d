"""Train the starter's networks, stage after stage, on any device and in slices of any length.

    text encoder → autoencoder → clips as latents → image model → temporal layers

A finished stage is packed into `out/parts`, in half precision, and never trained again; the one at
work keeps checkpoints below `out/runs` and goes on where it stopped.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.temporal_layers import TemporalLayers
from studio.engine.video_unet import VideoUNet
from studio.lab.starter import clips, codec, figures, image, over_time, reader
from studio.lab.starter.animation import Stage
from studio.lab.starter.clips import Clips
from studio.spec.progress import Cancelled, Progress, Tick, silent


@dataclass(frozen=True, slots=True)
class Scale:
    """Updates of every stage and what is drawn; batches are pictures, frames and clips."""

    cast: int = 12_000
    grounds: int = 24
    text: int = 1500
    codec: int = 12_000
    codec_batch: int = 16
    clips: int = 6000
    image: int = 40_000
    image_batch: int = 48
    temporal: int = 16_000
    temporal_batch: int = 8

    def times(self, factor: float) -> "Scale":
        """Every count but the batches multiplied, at least 2."""
        kept = {name: n for name, n in asdict(self).items() if name.endswith("_batch")}
        return Scale(**{n: max(2, round(c * factor)) for n, c in asdict(self).items()} | kept)


PROCESSOR_SCALE = Scale()
CARD_SCALE = Scale(
    cast=16_000,
    grounds=64,
    codec=2600,
    codec_batch=192,
    clips=36_000,
    image=1500,
    image_batch=2048,
    temporal=900,
    temporal_batch=192,
)
"""For a card with tens of gigabytes: as many frames in a hundredth of the updates."""


class Slice:
    """A tick that stops the training when a slice's minutes are over."""

    def __init__(self, minutes: float, tick: Tick) -> None:
        self._until, self._tick = time.monotonic() + 60 * minutes, tick

    def __call__(self, progress: Progress) -> None:
        self._tick(progress)
        if time.monotonic() > self._until:
            raise Cancelled


@dataclass(slots=True)
class Recipe:
    """A training in the folder `out`; its seed, scale and device."""

    out: Path
    scale: Scale
    device: str = "cpu"
    seed: int = 0
    tick: Tick = silent

    def train(self) -> None:
        """Every stage that is not done."""
        self._remember()
        words, encoder = self.text()
        if not self.is_done("unet") or not self.is_done("temporal"):
            vae = self.autoencoder()
            shown = self.clips(vae, words, encoder)
            unet = self.image(shown)
            self.over_time(unet, shown)

    def part(self, name: str) -> Path:
        """Where a finished stage lies."""
        return self.out / "parts" / name

    def is_done(self, name: str) -> bool:
        return self.part(name).exists()

    def stage(self) -> Stage:
        cast = figures.pool(self.seed, self.scale.cast)
        return Stage.make(cast, self.scale.grounds, codec.SIZE, self.seed, self.device)

    def text(self) -> tuple[CLIPTokenizer, CLIPTextModel]:
        if not self.is_done("text_encoder"):
            cast = figures.pool(self.seed, min(2000, self.scale.cast))
            folder = self.out / "runs" / "text"
            how = {"device": self.device, "tick": self.tick}
            words, encoder = reader.train(cast, self.seed, self.scale.text, folder, **how)
            words.save_pretrained(self.part("tokenizer"))
            self._pack("text_encoder", encoder)
        words = CLIPTokenizer.from_pretrained(self.part("tokenizer"), local_files_only=True)
        return words, self._opened(CLIPTextModel, "text_encoder", dtype=torch.float32)

    def autoencoder(self) -> AutoencoderKL:
        if not self.is_done("vae"):
            folder, scale = self.out / "runs" / "codec", self.scale
            vae = codec.train(
                self.stage(), self.seed, scale.codec, scale.codec_batch, folder, tick=self.tick
            )
            self._pack("vae", vae)
        return self._opened(AutoencoderKL, "vae", torch_dtype=torch.float32)

    def clips(self, vae: AutoencoderKL, words, encoder) -> Clips:
        portion = clips.PORTION if self.device == "cpu" else 8 * clips.PORTION
        return clips.make(
            self.stage(), vae, words, encoder, self.seed, self.scale.clips,
            portion=portion, tick=self.tick,
        )  # fmt: skip

    def image(self, shown: Clips) -> UNet2DConditionModel:
        if not self.is_done("unet"):
            unet, scale = image.fresh(self.seed).to(self.device), self.scale
            folder = self.out / "runs" / "image"
            image.train(
                unet, shown, self.seed, scale.image, scale.image_batch, folder, tick=self.tick
            )
            self._pack("unet", unet)
        return self._opened(UNet2DConditionModel, "unet", torch_dtype=torch.float32)

    def over_time(self, unet: UNet2DConditionModel, shown: Clips) -> VideoUNet:
        net = over_time.fresh(unet, self.seed)
        if not self.is_done("temporal"):
            folder, scale = self.out / "runs" / "temporal", self.scale
            layers = over_time.train(
                net, shown, self.seed, scale.temporal, scale.temporal_batch, folder, tick=self.tick
            )
            self.part("temporal").mkdir(parents=True)
            layers.half().save(self.part("temporal") / "temporal.safetensors", "text_encoder")
        file = self.part("temporal") / "temporal.safetensors"
        layers, _ = TemporalLayers.load(file, unet)
        net.temporal.load_state_dict(layers.state_dict())
        return net

    def _pack(self, name: str, net: nn.Module) -> None:
        """Written aside and renamed: a part is there whole or not at all."""
        draft = self.out / "parts" / f".{name}"
        net.half().save_pretrained(draft)
        draft.rename(self.part(name))

    def _opened(self, kind: Callable, name: str, **how):
        net = kind.from_pretrained(self.part(name), local_files_only=True, **how)
        return net.to(self.device).eval().requires_grad_(False)

    def _remember(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        said = {"seed": self.seed, "scale": dict(zip(asdict(self.scale), astuple(self.scale), strict=True))}
        (self.out / "recipe.json").write_text(json.dumps(said, indent=2) + "\n", "utf-8")
