"""Training of prediction and interpolation: first the initial estimate, then the conditioning.

One model for both (Video LDM sections 3.2 and 3.3), with an embedding of the pass.  Only the
conditioning on known frames is trained; what makes keyframes stays as it is, bit for bit.
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
from studio.lab.starter.given import Batch, Drawing
from studio.lab.starter.image import Schedule
from studio.lab.starter.over_time import GATE_START, MAX_START_POSITION
from studio.lab.training.trainer import scaled_rate
from studio.lab.training.trainer import train as learn
from studio.spec.progress import Tick, silent

ESTIMATE_SAMPLING = {"later": 0.6, "pass 1": 0.25, "pass 2": 0.15}
"""Probability of each kind of clips in an update of the initial estimate."""
FILL_SAMPLING = {"later": 0.6, "pass 1": 0.2, "pass 2": 0.2}
"""Probability of each kind of clips in an update of the conditioning."""
OBJECT_WEIGHT = 4.0
"""Additional weight of the estimate's error where the object is: the ground stands still."""
PASS_WEIGHTS = (1.0, 5.0, 15.0)
"""Loss weights at the keyframes' rate and in each interpolation pass, where errors are far smaller."""
TRAINED = ("pyramid", "zero_convs", "estimate_zero_convs", "pass_embed")
"""Parts of the layers that take no part in making keyframes."""
MAX_INTERPOLATION_LEVEL = 0.3
"""Share of the noise schedule up to which interpolation is trained: its strength is low."""
ESTIMATE_RATE, FILL_RATE, AT_FRAMES = 2e-3, 8e-4, 64


def train_estimate(
    net: VideoUNet, sets: Mapping[str, Clips], seed: int, steps: int, frames: int, folder: Path,
    *, seconds: float | None = None, tick: Tick = silent,
) -> None:  # fmt: skip
    """Train motion compensation by its own loss; everything else is frozen."""
    compensation, device = net.temporal.motion_compensation, place_of(net)
    if compensation is None:
        raise ValueError("these layers have no motion compensation to train")
    compensation.requires_grad_(True)
    drawing = Drawing(sets, ESTIMATE_SAMPLING, seed, frames)
    rate = scaled_rate(ESTIMATE_RATE, frames, AT_FRAMES)
    plan = Plan("initial estimate", steps, rate=rate, checkpoint_seconds=120)

    def loss_at(step: int, done: float) -> Tensor:
        generator = places.generator(17_000_000 * (seed + 1) + step, device)
        return estimate_error(net, drawing.batch(step, generator))

    learn(compensation, loss_at, plan, folder, seconds=seconds, tick=tick)


def estimate_error(net: VideoUNet, batch: Batch) -> Tensor:
    """Squared error of the initial estimate in the holes, weighted by pass and where the object is."""
    with in_half(batch.x0.device):
        estimate = batch.initial_estimate(net)
    if estimate is None:
        raise ValueError("these layers have no motion compensation")
    holes = (~batch.known)[..., None, None, None]
    squared = (estimate.float().unflatten(0, batch.known.shape) - batch.x0).square()
    weighted = (1 + OBJECT_WEIGHT * batch.near) * squared * holes
    return PASS_WEIGHTS[batch.pass_index] * (weighted.mean() * holes.numel() / holes.sum())


def train(
    net: VideoUNet, sets: Mapping[str, Clips], seed: int, steps: int, frames: int, folder: Path,
    *, seconds: float | None = None, tick: Tick = silent,
) -> None:  # fmt: skip
    """From layers that make keyframes and a trained estimate: train the conditioning."""
    device = place_of(net)
    schedule, drawing = Schedule(device), Drawing(sets, FILL_SAMPLING, seed + 1, frames)
    rate = scaled_rate(FILL_RATE, frames, AT_FRAMES)
    plan = Plan("conditioning", steps, rate=rate, checkpoint_seconds=120)
    for name, parameter in net.temporal.named_parameters():
        parameter.requires_grad_(name.startswith(TRAINED))

    def loss_at(step: int, done: float) -> Tensor:
        generator = places.generator(19_000_000 * (seed + 1) + step, device)
        batch = drawing.batch(step, generator)
        low, high = span(step, between=batch.pass_index > 0)
        t = timesteps(len(batch.x0), schedule.steps, generator, low, high)
        return fill_error(net, schedule, batch, t, generator)

    learn(net, loss_at, plan, folder, seconds=seconds, tick=tick)


def span(step: int, *, between: bool) -> tuple[float, float]:
    """Shares of the schedule of an update, all on one side of the temporal gate's start: below it
    the temporal branch is not computed.  Three updates in five lie below."""
    if between:
        return 0.0, MAX_INTERPOLATION_LEVEL
    return (0.0, GATE_START) if step % 5 < round(5 * GATE_START) else (GATE_START, 1.0)


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
    net: VideoUNet, schedule: Schedule, batch: Batch, t: Tensor, generator: torch.Generator
) -> Tensor:
    """Squared error of v in the holes; no noise is shared where frames are known."""
    (count, frames), device = batch.known.shape, batch.x0.device
    each = t.repeat_interleave(frames)
    x0 = batch.x0.flatten(0, 1)
    noise = torch.randn(x0.shape, generator=generator, device=device)
    noisy, target = schedule.noisy(x0, noise, each)
    first = torch.randint(MAX_START_POSITION, (count, 1), generator=generator, device=device)
    with torch.no_grad():
        estimate = batch.initial_estimate(net)
    with in_half(device):
        prediction = net(
            noisy,
            each,
            *batch.texts,
            frames=frames,
            positions=first + torch.arange(frames, device=device),
            condition=batch.condition,
            initial_estimate=estimate,
            passes=batch.passes(),
            temporal_gate=net.temporal.config.temporal_gate(each / schedule.steps),
        )
    holes = (~batch.known)[..., None, None, None]
    error = (prediction.float() - target).unflatten(0, (count, frames))
    error = error * holes * (holes.numel() / holes.sum()) ** 0.5
    return over_time.cost(error, batch.near, torch.ones(count, device=device))
