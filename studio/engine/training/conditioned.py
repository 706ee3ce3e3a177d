"""Teach temporal layers to fill around frames that are given, and to go on making keyframes.

Prediction and interpolation in one model (Video LDM sections 3.2 and 3.3), told the pass.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from studio.engine.temporal_layers import TemporalLayers
from studio.engine.training import backbone, latents, patterns
from studio.engine.training.latents import Clips
from studio.engine.training.loop import Plan, fit
from studio.engine.training.temporal import LEAST_SHARED, Batch, Captions, clip_loss, timesteps
from studio.engine.video_unet import VideoUNet
from studio.spec.progress import Tick, silent

OFTEN = {"keyframes": 0.3, "later": 0.4, "pass 1": 0.15, "pass 2": 0.15}
"""How often a step shows clips of each kind."""
TIMES = {
    "later": latents.later,
    "pass 1": partial(latents.between, rank=1),
    "pass 2": partial(latents.between, rank=2),
}
RANKS = {"pass 1": 1, "pass 2": 2}
FRAMES = 64
"""Frames a step: eight clips of eight, or twelve of five."""
NOISIEST = 0.25
"""Half of the clips are given with noise of a level up to this: in a long roll-out the given frames
are the model's own, and a flaw must not be copied for ever."""


def make(
    vae: AutoencoderKL, seed: int, clips: Clips, count: int, folder: Path, *, tick: Tick = silent
) -> dict[str, Clips]:
    """Clips of every kind: `clips` are the keyframes, `count` of each other are drawn."""
    made = {"keyframes": clips}
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
    """From layers that make keyframes and a trained guess; all but the guess go on learning.

    Returns the averaged layers.
    """
    schedule = backbone.scheduler()
    levels = schedule.config.num_train_timesteps
    drawing = Drawing(words, encoder, clips, OFTEN, seed)
    plan = Plan("frames around given ones", steps, rate=rate, warmup=min(100, steps // 10 + 1))
    for name, parameter in net.temporal.named_parameters():
        parameter.requires_grad_(not name.startswith("drift"))

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, step, 9))
        batch = drawing.batch(rng)
        around = batch.known is not None
        t = timesteps(rng, len(batch.x0), levels, given=around)
        shared = (0.0, 0.0) if around else (LEAST_SHARED, 1.0)
        return clip_loss(net, schedule, replace(batch, t=t), rng, shared=shared)

    average = fit(net, loss_at, plan, folder, tick=tick)
    net.load_state_dict(average, strict=False)
    return net.temporal.eval().requires_grad_(False)


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
    if kind == "keyframes":
        return batch
    count, frames = batch.x0.shape[:2]
    rank = RANKS.get(kind, 0)
    known = patterns.every_fourth(count, frames) if rank else patterns.around(rng, count, frames)
    level = rng.uniform(0, NOISIEST, count) * (rng.random(count) < 0.5)
    return replace(
        batch, known=torch.from_numpy(known), level=torch.from_numpy(level).float(), rank=rank
    )
