"""Teach layers over time to fill around frames that are given: first a guess of the holes, then they.

Prediction and interpolation in one model (Video LDM sections 3.2 and 3.3), with an embedding of the pass.  Only what
lets given frames in is learned; what makes keyframes stays as it is, bit for bit.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from studio.engine.device import in_half, place_of
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.subjects.loop import Plan
from studio.lab.starter import over_time, places
from studio.lab.starter.clips import Clips
from studio.lab.starter.given import Drawing, Given
from studio.lab.starter.image import Schedule
from studio.lab.starter.over_time import MAX_START_POSITION, SHUT_BELOW
from studio.lab.training.trainer import scaled_rate
from studio.lab.training.trainer import train as learn
from studio.spec.progress import Tick, silent

GUESSED = {"later": 0.6, "pass 1": 0.25, "pass 2": 0.15}
"""How often an update shows clips of each kind, where the guess learns."""
FILLED = {"later": 0.6, "pass 1": 0.2, "pass 2": 0.2}
NEAR = 4.0
"""How much more an error of the guess costs where the object is: the ground stands still."""
WORTH = (1.0, 5.0, 15.0)
"""What it costs at the keyframes' rate and in each pass of interpolation, where errors are far
smaller."""
LEARNED = ("pyramid", "entries", "leads", "pass_embed")
"""Parts of the layers that keyframes never meet."""
BETWEEN = 0.3
"""Share of the noise schedule up to which interpolation is learned: its walks are short."""
GUESS_RATE, FILL_RATE, AT_FRAMES = 2e-3, 8e-4, 64


def train_guess(
    net: VideoUNet, sets: Mapping[str, Clips], seed: int, steps: int, frames: int, folder: Path,
    *, seconds: float | None = None, tick: Tick = silent,
) -> None:  # fmt: skip
    """The drift of the network's layers learns by its own error; everything else stays."""
    drift, device = net.temporal.drift, place_of(net)
    if drift is None:
        raise ValueError("these layers have no guess to teach")
    drift.requires_grad_(True)
    drawing = Drawing(sets, GUESSED, seed, frames)
    rate = scaled_rate(GUESS_RATE, frames, AT_FRAMES)
    plan = Plan("guesses of holes", steps, rate=rate, checkpoint_seconds=120)

    def loss_at(step: int, done: float) -> Tensor:
        generator = places.generator(17_000_000 * (seed + 1) + step, device)
        return guess_error(net, drawing.batch(step, generator))

    learn(drift, loss_at, plan, folder, seconds=seconds, tick=tick)


def guess_error(net: VideoUNet, batch: Given) -> Tensor:
    """Squared error of the guess in the holes, weighed by pass and where the object is."""
    with in_half(batch.x0.device):
        guess = batch.guess(net)
    if guess is None:
        raise ValueError("these layers guess nothing")
    holes = (~batch.known)[..., None, None, None]
    wrong = (guess.float().unflatten(0, batch.known.shape) - batch.x0).square()
    mean = ((1 + NEAR * batch.near) * wrong * holes).mean() * holes.numel() / holes.sum()
    return WORTH[batch.rank] * mean


def train(
    net: VideoUNet, sets: Mapping[str, Clips], seed: int, steps: int, frames: int, folder: Path,
    *, seconds: float | None = None, tick: Tick = silent,
) -> None:  # fmt: skip
    """From layers that make keyframes and a trained guess: what lets given frames in learns."""
    device = place_of(net)
    schedule, drawing = Schedule(device), Drawing(sets, FILLED, seed + 1, frames)
    rate = scaled_rate(FILL_RATE, frames, AT_FRAMES)
    plan = Plan("frames around given ones", steps, rate=rate, checkpoint_seconds=120)
    for name, parameter in net.temporal.named_parameters():
        parameter.requires_grad_(name.startswith(LEARNED))

    def loss_at(step: int, done: float) -> Tensor:
        generator = places.generator(19_000_000 * (seed + 1) + step, device)
        batch = drawing.batch(step, generator)
        low, high = span(step, between=batch.rank > 0)
        t = timesteps(len(batch.x0), schedule.steps, generator, low, high)
        return fill_error(net, schedule, batch, t, generator)

    learn(net, loss_at, plan, folder, seconds=seconds, tick=tick)


def span(step: int, *, between: bool) -> tuple[float, float]:
    """Shares of the schedule of an update, all on one side of where the layers over time shut: below
    it their computing is spared.  Three in five updates of five lie below."""
    if between:
        return 0.0, BETWEEN
    return (0.0, SHUT_BELOW) if step % 5 < round(5 * SHUT_BELOW) else (SHUT_BELOW, 1.0)


def timesteps(
    count: int, steps: int, generator: torch.Generator, low: float, high: float
) -> Tensor:
    """Stratified timesteps (count,) between two shares of the schedule."""
    device = generator.device
    strata = torch.arange(count, device=device) + torch.rand(
        count, generator=generator, device=device
    )
    return ((low + strata / count * (high - low)) * steps).long().clamp(0, steps - 1)


def fill_error(
    net: VideoUNet, schedule: Schedule, batch: Given, t: Tensor, generator: torch.Generator
) -> Tensor:
    """Squared error of v in the frames that are not given; no noise is shared where some are."""
    (count, frames), device = batch.known.shape, batch.x0.device
    each = t.repeat_interleave(frames)
    x0 = batch.x0.flatten(0, 1)
    noise = torch.randn(x0.shape, generator=generator, device=device)
    noisy, target = schedule.noisy(x0, noise, each)
    first = torch.randint(MAX_START_POSITION, (count, 1), generator=generator, device=device)
    with torch.no_grad():
        guess = batch.guess(net)
    with in_half(device):
        prediction = net(
            noisy,
            each,
            *batch.texts,
            frames=frames,
            positions=first + torch.arange(frames, device=device),
            condition=(batch.seen, batch.mask),
            guess=guess,
            passes=batch.passes(),
            opening=net.temporal.config.opening(each / schedule.steps),
        )
    holes = (~batch.known)[..., None, None, None]
    error = (prediction.float() - target).unflatten(0, (count, frames))
    error = error * holes * (holes.numel() / holes.sum()) ** 0.5
    return over_time.cost(error, batch.near, torch.ones(count, device=device))
