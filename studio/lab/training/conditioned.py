"""Teach temporal layers to fill around frames that are given.

Prediction and interpolation in one model (Video LDM sections 3.2 and 3.3), told the pass.  Only
what lets given frames in is learned; what makes keyframes stays as it is, bit for bit.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from studio.engine.device import place_of
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.subjects.loop import Plan, fit
from studio.lab.training import backbone, latents, patterns
from studio.lab.training.latents import Clips
from studio.lab.training.temporal import SHUT_BELOW, Batch, Captions, clip_loss
from studio.spec.progress import Tick, silent

LEARNED = ("pyramid", "entries", "leads", "pass_embed")
"""Parts of the layers that keyframes never meet."""
OFTEN = {"later": 0.6, "pass 1": 0.2, "pass 2": 0.2}
"""How often a step shows clips of each kind."""
TIMES = {
    "later": latents.later,
    "pass 1": partial(latents.between, rank=1),
    "pass 2": partial(latents.between, rank=2),
}
RANKS = {"pass 1": 1, "pass 2": 2}
BETWEEN = 0.3
"""Share of the noise schedule up to which interpolation is learned: its walks are short."""
FRAMES = 64
"""Frames a step: eight clips of eight, or twelve of five."""
NOISIEST = 0.25
"""Half of the clips are given with noise of a level up to this: in a long roll-out the given frames
are the model's own, and a flaw must not be copied for ever."""


def make(
    vae: AutoencoderKL, seed: int, count: int, folder: Path, *, tick: Tick = silent
) -> dict[str, Clips]:
    """`count` clips of every kind, drawn or read back."""
    made = {}
    for number, (kind, times) in enumerate(TIMES.items(), start=1):
        path = folder / f"clips {kind}.safetensors"
        made[kind] = latents.make(vae, seed + 1000 * number, count, path, times=times, tick=tick)
    return made


def train(
    net: VideoUNet,
    words,
    encoder,
    clips: Mapping[str, Clips],
    seed: int,
    steps: int,
    folder: Path,
    *,
    rate: float = 8e-4,
    tick: Tick = silent,
) -> TemporalLayers:
    """From layers that make keyframes and a trained guess; returns the layers, `LEARNED` averaged."""
    schedule = backbone.scheduler()
    levels = schedule.config.num_train_timesteps
    drawing = Drawing(words, encoder, clips, OFTEN, seed)
    plan = Plan("frames around given ones", steps, rate=rate, warmup=min(100, steps // 10 + 1))
    for name, parameter in net.temporal.named_parameters():
        parameter.requires_grad_(name.startswith(LEARNED))

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, step, 9))
        batch = drawing.batch(rng)
        t = timesteps(rng, len(batch.x0), levels, between=batch.rank > 0)
        batch = replace(batch, t=t).to(place_of(net))
        return clip_loss(net, schedule, batch, rng, shared=(0.0, 0.0))

    average = fit(net, loss_at, plan, folder, tick=tick)
    net.load_state_dict(average, strict=False)
    return net.temporal.eval().requires_grad_(False)


def timesteps(rng: np.random.Generator, count: int, steps: int, *, between: bool) -> Tensor:
    """Stratified timesteps (count,), all on one side of where the temporal layers shut.

    A batch below it spares their computing.
    """
    low, high = (0.0, BETWEEN) if between else (0.0, SHUT_BELOW)
    if not between and rng.random() > SHUT_BELOW:
        low, high = SHUT_BELOW, 1.0
    strata = (np.arange(count) + rng.random(count)) / count
    return torch.from_numpy(((low + strata * (high - low)) * steps).astype(np.int64))


class Drawing:
    """Clips of several kinds with their captions, each kind drawn as `often` as it says."""

    def __init__(
        self,
        words,
        encoder,
        clips: Mapping[str, Clips],
        often: Mapping[str, float],
        seed: int,
    ) -> None:
        self.clips, self.often = clips, often
        self.captions = {kind: Captions.of(words, encoder, clips[kind], seed) for kind in often}
        self.drawn = {kind: backbone.shown(clips[kind]) for kind in often}

    def batch(self, rng: np.random.Generator) -> Batch:
        """`FRAMES` frames of one kind with a pattern of given ones; the timesteps are yet to draw."""
        kind = str(rng.choice(list(self.often), p=list(self.often.values())))
        clips = self.clips[kind]
        count = FRAMES // clips.latents.shape[1]
        chosen = rng.choice(self.drawn[kind], size=count)
        texts, ones = self.captions[kind].pick(rng, chosen), torch.ones(count)
        return given(rng, kind, Batch.of(clips, chosen, texts, ones, ones))


def given(rng: np.random.Generator, kind: str, batch: Batch) -> Batch:
    """The batch with a pattern of given frames, as clips of that kind have them."""
    count, frames = batch.x0.shape[:2]
    rank = RANKS.get(kind, 0)
    known = patterns.every_fourth(count, frames) if rank else patterns.around(rng, count, frames)
    level = rng.uniform(0, NOISIEST, count) * (rng.random(count) < 0.5)
    return replace(
        batch, known=torch.from_numpy(known), level=torch.from_numpy(level).float(), rank=rank
    )
