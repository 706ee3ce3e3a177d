"""Teach the guess of what holes show: by its own error, long before the layers that look at it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from torch import Tensor

from studio.engine.device import in_half, place_of
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.subjects.loop import Plan, fit
from studio.lab.training.conditioned import Drawing
from studio.lab.training.latents import Clips
from studio.lab.training.temporal import Batch
from studio.spec.progress import Tick, silent

OFTEN = {"later": 0.6, "pass 1": 0.25, "pass 2": 0.15}
NEAR = 4.0
"""How much more an error costs where the object is: the ground stands still by itself."""
WORTH = (1.0, 5.0, 15.0)
"""What an error costs at the keyframes' rate and in each pass of interpolation, where errors are far
smaller; made to count as much, by their logarithm, they left far motions unlearned.
"""


def train(
    net: VideoUNet,
    words,
    encoder,
    clips: Mapping[str, Clips],
    seed: int,
    steps: int,
    folder: Path,
    *,
    rate: float = 2e-3,
    tick: Tick = silent,
) -> None:
    """The drift of the network's layers learns; everything else stays.  It ends averaged, frozen."""
    drawing = Drawing(words, encoder, clips, OFTEN, seed)
    plan = Plan("guesses of holes", steps, rate=rate, warmup=min(100, steps // 10 + 1))
    drift = net.temporal.drift
    if drift is None:
        raise ValueError("these layers have no guess to teach")
    drift.requires_grad_(True)

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, step, 10))
        return error(net, drawing.batch(rng).to(place_of(net)), rng)

    drift.load_state_dict(fit(drift, loss_at, plan, folder, tick=tick))
    drift.eval().requires_grad_(False)


def error(net: VideoUNet, batch: Batch, rng: np.random.Generator) -> Tensor:
    """Squared error of the guess in the holes, weighed by pass and where the object is."""
    condition, known, shape = batch.condition(rng), batch.known, batch.x0.shape[:2]
    with in_half(batch.x0.device):
        guess = condition and batch.guess(net, condition)
    if guess is None or known is None:
        raise ValueError("nothing is given, or these layers guess nothing from it")
    holes = (~known)[..., None, None, None]
    wrong = (guess.float().unflatten(0, shape) - batch.x0).square()
    mean = ((1 + NEAR * batch.near) * wrong * holes).mean() * holes.numel() / holes.sum()
    return WORTH[batch.rank] * mean
