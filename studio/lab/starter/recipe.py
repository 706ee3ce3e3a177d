"""Train the starter's networks, stage after stage, on any device and in slices of any length.

    text encoder → autoencoder → clips as latents → image model → temporal layers

A finished stage is packed into `out/parts`, in half precision, and never trained again; the one at
work keeps checkpoints below `out/runs` and goes on where it stopped.
"""

import json
import shutil
import time
import traceback
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.diffusers_calls import to_device
from studio.engine.families.videoldm.family import TEMPORAL
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.lab.starter import clips, codec, figures, image, over_time, reader, sheets
from studio.lab.starter.animation import Stage
from studio.lab.starter.clips import Clips
from studio.spec.progress import Cancelled, Progress, Tick, silent


@dataclass(frozen=True, slots=True)
class Scale:
    """Updates of every stage and what is drawn; batches are pictures, frames and clips."""

    cast: int = 12_000
    grounds: int = 24
    text: int = 1500
    text_batch: int = 128
    pictures: int = 6000
    codec: int = 12_000
    codec_batch: int = 4
    clips: int = 6000
    image: int = 40_000
    image_batch: int = 48
    temporal: int = 16_000
    temporal_batch: int = 8
    windows: int = 3000
    guess: int = 10_000
    given: int = 1500
    given_batch: int = 64
    footage: int = 400
    decoder: int = 600
    pairs: int = 300
    upsampler: int = 3000
    upsampler_over_time: int = 1200

    def times(self, factor: float) -> "Scale":
        """Every count but the batches multiplied, at least 2."""
        kept = {name: n for name, n in asdict(self).items() if name.endswith("_batch")}
        return Scale(**{n: max(2, round(c * factor)) for n, c in asdict(self).items()} | kept)


PROCESSOR_SCALE = Scale()
CARD_SCALE = Scale(
    cast=16_000,
    grounds=96,
    text_batch=256,
    pictures=80_000,
    codec=2600,
    codec_batch=192,
    clips=48_000,
    image=4500,
    image_batch=1024,
    temporal=1500,
    temporal_batch=160,
    windows=12_000,
    guess=4000,
    given=1500,
    given_batch=1280,
)
"""For a card with tens of gigabytes: as many frames in a tenth of the updates.  Where its minutes
are counted (`Recipe.minutes`) the updates are those that fit."""
SHARES = {"vae": 150.0, "unet": 150.0, "temporal": 130.0}
"""How a card's time is divided among the trainings that are left."""
READING, DRAWING, LOOKING = 45.0, 70.0, 8.0
"""Seconds that are set aside for the text encoder and for the clips, and for packing and looking
after each training."""


RUNS = {"unet": "image", "temporal": "temporal"}
"""Of parts that can learn on, where their trainings keep checkpoints."""


class Slice:
    """A tick that stops the training when a slice's minutes are over."""

    def __init__(self, minutes: float, tick: Tick) -> None:
        self._until, self._tick = time.monotonic() + 60 * minutes, tick

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._until

    def __call__(self, progress: Progress) -> None:
        self._tick(progress)
        if self.is_over:
            raise Cancelled


@dataclass(slots=True)
class Recipe:
    """A training in the folder `out`; its seed, scale and device.

    With `minutes` all that is left is made to fit into them.
    """

    out: Path
    scale: Scale
    device: str = "cpu"
    seed: int = 0
    tick: Tick = silent
    minutes: float | None = None
    began: float = field(default_factory=time.monotonic)

    def train(self) -> None:
        """Every stage that is not done."""
        self._remember()
        words, encoder = self.text()
        if all(self.is_done(name) for name in SHARES):
            return
        stage = self.stage()
        vae = self.autoencoder(stage)
        shown = self.clips(stage, vae, words, encoder)
        unet = self.image(shown)
        self._look("image model", lambda file: sheets.single(unet, vae, words, encoder, file))
        net = self.over_time(unet, shown)
        self._look("clips", lambda file: sheets.clips(net, vae, words, encoder, file))

    def part(self, name: str) -> Path:
        """Where a finished stage lies."""
        return self.out / "parts" / name

    def is_done(self, name: str) -> bool:
        return self.part(name).exists()

    def again(self, *names: str) -> None:
        """Have finished parts learn on: what they are now is where their next training starts."""
        for name in filter(self.is_done, names):
            shutil.rmtree(self.out / "runs" / RUNS[name], ignore_errors=True)
            shutil.rmtree(self.start(name), ignore_errors=True)
            self.start(name).parent.mkdir(exist_ok=True)
            self.part(name).rename(self.start(name))

    def start(self, name: str) -> Path:
        """Where the part lies that a training goes on from, if any."""
        return self.out / "starts" / name

    def seconds(self, name: str) -> float | None:
        """What a training may take of the time that is left; None where nobody counts."""
        if self.minutes is None:
            return None
        left = [other for other in SHARES if not self.is_done(other)]
        set_aside = LOOKING * len(left) + (DRAWING if name == "vae" else 0)
        free = self.began + 60 * self.minutes - time.monotonic() - set_aside
        return max(1.0, free * SHARES[name] / sum(SHARES[other] for other in left))

    @property
    def is_card(self) -> bool:
        return self.device != "cpu"

    @property
    def drawn(self) -> Path | None:
        """Where clips are kept between slices; a card draws them again sooner than it reads them."""
        return None if self.is_card else self.out / "runs" / "clips"

    def stage(self) -> Stage:
        cast = figures.pool(self.seed, self.scale.cast)
        return Stage.make(cast, self.scale.grounds, codec.SIZE, self.seed, self.device)

    def text(self) -> tuple[CLIPTokenizer, CLIPTextModel]:
        if not self.is_done("text_encoder"):
            cast = figures.pool(self.seed, min(2000, self.scale.cast))
            folder = self.out / "runs" / "text"
            seconds = None if self.minutes is None else READING
            how = {"batch": self.scale.text_batch, "device": self.device, "seconds": seconds}
            words, encoder = reader.train(
                cast, self.seed, self.scale.text, folder, **how, tick=self.tick
            )
            words.save_pretrained(self.part("tokenizer"))
            self._pack("text_encoder", encoder)
        words = CLIPTokenizer.from_pretrained(self.part("tokenizer"), local_files_only=True)
        return words, self.opened(CLIPTextModel, "text_encoder", dtype=torch.float32)

    def autoencoder(self, stage: Stage) -> AutoencoderKL:
        if not self.is_done("vae"):
            folder, scale = self.out / "runs" / "codec", self.scale
            portion = codec.PORTION if self.is_card else 32
            pool = codec.pictures(stage, self.seed, scale.pictures, portion=portion, tick=self.tick)
            how = {"seconds": self.seconds("vae"), "tick": self.tick}
            vae = codec.train(pool, self.seed, scale.codec, scale.codec_batch, folder, **how)
            self._pack("vae", vae)
            del pool
            vae = self.opened(AutoencoderKL, "vae", torch_dtype=torch.float32)
            self._look("autoencoder", lambda file: sheets.autoencoder(vae, stage, self.seed, file))
        return self.opened(AutoencoderKL, "vae", torch_dtype=torch.float32)

    def clips(self, stage: Stage, vae: AutoencoderKL, words, encoder) -> Clips:
        portion = 8 * clips.PORTION if self.is_card else clips.PORTION
        seconds = None if self.minutes is None else DRAWING
        return clips.make(
            stage, vae, words, encoder, self.seed, self.scale.clips,
            portion=portion, seconds=seconds, folder=self.drawn, tick=self.tick,
        )  # fmt: skip

    def image(self, shown: Clips) -> UNet2DConditionModel:
        if not self.is_done("unet"):
            unet, scale = to_device(self.started_unet(), self.device), self.scale
            folder = self.out / "runs" / RUNS["unet"]
            how = {"seconds": self.seconds("unet"), "tick": self.tick}
            image.train(unet, shown, self.seed, scale.image, scale.image_batch, folder, **how)
            self._pack("unet", unet)
        return self.opened(UNet2DConditionModel, "unet", torch_dtype=torch.float32)

    def started_unet(self) -> UNet2DConditionModel:
        """The image network as its training begins: fresh, or as far as it was."""
        if not (start := self.start("unet")).exists():
            return image.fresh(self.seed)
        unet = UNet2DConditionModel.from_pretrained(
            start, local_files_only=True, torch_dtype=torch.float32
        )
        return unet.requires_grad_(True)

    def over_time(self, unet: UNet2DConditionModel, shown: Clips) -> VideoUNet:
        if not self.is_done("temporal"):
            net, scale = over_time.fresh(unet, self.seed), self.scale
            if (start := self.start("temporal")).exists():
                load_layers(net, start)
            folder = self.out / "runs" / RUNS["temporal"]
            how = {"seconds": self.seconds("temporal"), "tick": self.tick}
            over_time.train(
                net, shown, self.seed, scale.temporal, scale.temporal_batch, folder, **how
            )
            self.pack_layers("temporal", net)
        return self.with_layers(unet, "temporal")

    def pack_layers(self, name: str, net: VideoUNet) -> None:
        """The layers over time as a part."""
        draft = self.draft(name)
        draft.mkdir(parents=True)
        deepcopy(net.temporal).half().save(draft / TEMPORAL, "text_encoder")
        draft.rename(self.part(name))

    def with_layers(self, unet: UNet2DConditionModel, name: str) -> VideoUNet:
        """The image network with the layers of a part, in fp32."""
        net = over_time.fresh(unet, self.seed)
        load_layers(net, self.part(name))
        return net.eval().requires_grad_(False)

    def _look(self, name: str, draw: Callable[[Path], dict[str, float] | None]) -> None:
        """A sheet, and its figures in a file; one that fails costs no training."""
        folder = self.out / "sheets"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            outcome = json.dumps(draw(folder / f"{name}.png") or {})
        except Exception:
            outcome = traceback.format_exc()
        (folder / f"{name}.txt").write_text(outcome + "\n", "utf-8")
        self.tick(Progress(f"sheet of the {name}", 1, 1, note=outcome))

    def draft(self, name: str) -> Path:
        """Where a part is written before it is renamed."""
        draft = self.out / "parts" / f".{name}"
        shutil.rmtree(draft, ignore_errors=True)
        return draft

    def _pack(self, name: str, net: Any) -> None:
        """Written aside and renamed: a part is there whole or not at all."""
        draft = self.draft(name)
        net.half().save_pretrained(draft)
        draft.rename(self.part(name))

    def opened(self, kind: Any, name: str, **how):
        """A finished network, frozen, on the device."""
        net = kind.from_pretrained(self.part(name), local_files_only=True, **how)
        return net.to(self.device).eval().requires_grad_(False)

    def _remember(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        settings = {"seed": self.seed, "scale": asdict(self.scale)}
        (self.out / "recipe.json").write_text(json.dumps(settings, indent=2) + "\n", "utf-8")


def load_layers(net: VideoUNet, folder: Path) -> None:
    """Give a network the layers over time of a part."""
    layers, _ = TemporalLayers.load(folder / TEMPORAL, net.image)
    net.temporal.load_state_dict(layers.state_dict())
