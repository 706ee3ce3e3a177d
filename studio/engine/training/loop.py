"""One training loop for every stage: cosine rate, clipping, moving average, checkpoints, resume."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from studio.engine.training import checkpoint
from studio.spec.progress import Cancelled, Progress, Tick, silent
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Plan:
    """How a stage trains.  `ema` is the limit of the moving average's decay; 0 switches it off."""

    name: str
    steps: int
    rate: float
    warmup: int = 100
    final_rate: float = 0.05
    decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.999
    checkpoint_seconds: float = 180.0


@dataclass(slots=True)
class _State:
    """What a checkpoint holds: live and averaged parameters by name, and the optimiser."""

    live: dict[str, nn.Parameter]
    average: dict[str, Tensor]
    optimizer: torch.optim.Optimizer


def fit(
    net: nn.Module,
    loss_at: Callable[[int], Tensor],
    plan: Plan,
    folder: Path | None,
    *,
    tick: Tick = silent,
    resume: bool = True,
) -> dict[str, Tensor]:
    """Train the parameters of `net` that ask for a gradient; returns their averaged weights.

    `loss_at(step)` must depend on the step alone for its data and noise, so that a resumed run
    sees what an unbroken one sees.  A loss or gradient that is not finite stops the run with the
    last good checkpoint on disk.  Cancelling keeps the steps that are done.
    """
    live = {name: p for name, p in net.named_parameters() if p.requires_grad}
    average = {name: p.detach().clone() for name, p in live.items()}
    optimizer = torch.optim.AdamW(live.values(), lr=plan.rate, weight_decay=plan.decay)
    state = _State(live, average, optimizer)
    first = _restore(folder, state, plan, tick) if folder and resume else 0
    saved, saved_at = first, time.monotonic()
    for step in range(first, plan.steps):
        loss = loss_at(step)
        _update(state, loss, plan, step)
        due = time.monotonic() - saved_at > plan.checkpoint_seconds
        if folder and (due or step + 1 == plan.steps):
            _store(folder, step + 1, state)
            saved, saved_at = step + 1, time.monotonic()
        try:
            tick(Progress(plan.name, step + 1, plan.steps, loss=float(loss.detach())))
        except Cancelled:
            if folder and saved <= step:
                _store(folder, step + 1, state)
            raise
    return average


def rate_at(plan: Plan, step: int) -> float:
    """Linear warm-up, then a cosine from `rate` to `rate * final_rate`."""
    if step < plan.warmup:
        return plan.rate * (step + 1) / plan.warmup
    done = (step - plan.warmup) / max(1, plan.steps - plan.warmup)
    low = plan.final_rate
    return plan.rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def _update(state: _State, loss: Tensor, plan: Plan, step: int) -> None:
    _check_finite(loss, "loss", step)
    for group in state.optimizer.param_groups:
        group["lr"] = rate_at(plan, step)
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    # a finite loss can have gradients that are not, and these would reach the next checkpoint
    _check_finite(nn.utils.clip_grad_norm_(state.live.values(), plan.clip), "gradient", step)
    state.optimizer.step()
    # a young average would otherwise remember the random start for a thousand steps
    keep = min(plan.ema, (step + 1) / (step + 10))
    with torch.no_grad():
        torch._foreach_lerp_(list(state.average.values()), list(state.live.values()), 1 - keep)


def _check_finite(value: Tensor, what: str, step: int) -> None:
    if not torch.isfinite(value):
        raise Refusal(
            f"Training stopped at step {step}: the {what} is no longer a number.",
            "The last good state is kept; resume with a lower learning rate.",
        )


def _store(folder: Path, step: int, state: _State) -> None:
    tensors: dict[str, Tensor] = {f"live.{k}": v for k, v in state.live.items()}
    tensors |= {f"average.{k}": v for k, v in state.average.items()}
    checkpoint.save(folder, step, tensors | checkpoint.optimizer_tensors(state.optimizer), {})


def _restore(folder: Path, state: _State, plan: Plan, tick: Tick) -> int:
    """Finished steps of the newest whole checkpoint, whose values `state` takes over; else 0."""

    def say(sentence: str) -> None:
        tick(Progress(plan.name, 0, plan.steps, note=sentence))

    found = checkpoint.load(folder, say)
    if found is None:
        return 0
    step, tensors, _ = found
    _check_fits(folder, state, tensors)
    with torch.no_grad():
        for name, parameter in state.live.items():
            parameter.copy_(tensors[f"live.{name}"])
            state.average[name].copy_(tensors[f"average.{name}"])
    checkpoint.load_optimizer(state.optimizer, tensors)
    return step


def _check_fits(folder: Path, state: _State, tensors: dict[str, Tensor]) -> None:
    """The checkpoint must hold exactly these parameters, or nothing is touched."""
    stored = {k.removeprefix("live."): t.shape for k, t in tensors.items() if k.startswith("live.")}
    if stored != {name: p.shape for name, p in state.live.items()}:
        raise Refusal(
            "The checkpoint to resume from belongs to another network.",
            f"Delete the folder {folder} to start again.",
        )
