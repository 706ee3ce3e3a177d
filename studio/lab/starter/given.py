"""Clips some frames of which are known: training data of the estimate and the conditioning."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from studio.engine.families.videoldm.conditioning import interpolate_known
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.lab.starter import clips, over_time, patterns
from studio.lab.starter.animation import Stage
from studio.lab.starter.clips import Clips
from studio.spec.progress import Tick, silent

TIMES: Mapping[str, clips.Times] = {
    "later": clips.later,
    "pass 1": partial(clips.between, pass_index=1),
    "pass 2": partial(clips.between, pass_index=2),
}
"""Times at which scenes are sampled: at the keyframes' rate, and in each interpolation pass."""
PASSES = {"later": 0, "pass 1": 1, "pass 2": 2}
MAX_NOISE_LEVEL = 0.25
"""Half of the clips have known frames noised up to this level (noise augmentation): in a long
roll-out they are the model's own, and an artefact must not be copied for ever."""
PATTERNS = 4096
"""Patterns of known frames that are drawn beforehand."""


@dataclass(frozen=True, slots=True)
class Batch:
    """x0 (B, T, C, h, w); `near` (B, T, 1, h, w) in 0..1 where the object is; `texts` (B, L, D) for
    the image network and for the temporal layers; `known` (B, T) bool; `condition`, the known frames
    as the network gets them, noised and interpolated, and their mask, (B T) C h w and (B T) 1 h w;
    `pass_index` 0 at the keyframes' rate."""

    x0: Tensor
    near: Tensor
    texts: tuple[Tensor, Tensor]
    known: Tensor
    condition: tuple[Tensor, Tensor]
    pass_index: int

    def passes(self) -> Tensor:
        """The interpolation pass of each clip (B,)."""
        return torch.full((len(self.x0),), float(self.pass_index), device=self.x0.device)

    def initial_estimate(self, net: VideoUNet) -> Tensor | None:
        """The holes by motion compensation, (B T) C h w."""
        at = torch.arange(self.x0.shape[1], device=self.x0.device).expand(len(self.x0), -1)
        return net.temporal.initial_estimate(self.condition, self.texts[1], at, self.passes())


class Drawing:
    """Batches of `frames` frames, each of one kind of clips, drawn with these `probabilities`."""

    def __init__(
        self, sets: Mapping[str, Clips], probabilities: Mapping[str, float], seed: int, frames: int
    ) -> None:
        self._sets, self._probabilities = sets, probabilities
        self._seed, self._frames = seed, frames
        self._patterns = {kind: _patterns(kind, sets[kind], seed) for kind in probabilities}

    def batch(self, step: int, generator: torch.Generator) -> Batch:
        """The batch of an update."""
        rng = np.random.default_rng((self._seed, step, 10))
        kind = str(rng.choice(list(self._probabilities), p=list(self._probabilities.values())))
        shown, device = self._sets[kind], generator.device
        count = max(1, self._frames // shown.latents.shape[1])
        chosen, which = (
            torch.randint(high, (count,), generator=generator, device=device)
            for high in (len(shown), PATTERNS)
        )
        near = over_time.grown(shown.masks[chosen].float())[:, :, None]
        texts = over_time.captions(shown, chosen, generator)
        known, x0 = self._patterns[kind][which], shown.latents[chosen].float()
        return Batch(x0, near, texts, known, _condition(x0, known, generator), PASSES[kind])


def windows(
    stage: Stage, vae: AutoencoderKL, words, encoder, seed: int, count: int,
    *, portion: int = clips.PORTION, folder: Path | None = None, tick: Tick = silent,
) -> dict[str, Clips]:  # fmt: skip
    """`count` clips of every kind."""
    return {
        kind: clips.make(
            stage, vae, words, encoder, seed + 1000 * (1 + PASSES[kind]), count,
            times=times, portion=portion, folder=folder, tick=tick,
        )
        for kind, times in TIMES.items()
    }  # fmt: skip


def _patterns(kind: str, shown: Clips, seed: int) -> Tensor:
    """Which frames are known, bool (PATTERNS, T), on the device of the clips."""
    rng, frames = np.random.default_rng((seed, 11)), shown.latents.shape[1]
    between = PASSES[kind] > 0
    drawn = (
        patterns.every_fourth(PATTERNS, frames)
        if between
        else patterns.around(rng, PATTERNS, frames)
    )
    return torch.from_numpy(drawn).to(shown.latents.device)


def _condition(x0: Tensor, known: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    odds = torch.rand((2, len(x0), 1, 1, 1, 1), generator=generator, device=x0.device)
    level = MAX_NOISE_LEVEL * odds[0] * (odds[1] < 0.5)
    noise = torch.randn(x0.shape, generator=generator, device=x0.device)
    noisy = interpolate_known((1 - level.square()).sqrt() * x0 + level * noise, known)
    mask = known[..., None, None, None] * (1 - level)
    mask = mask.expand(-1, -1, 1, *x0.shape[-2:])
    return noisy.flatten(0, 1), mask.flatten(0, 1)
