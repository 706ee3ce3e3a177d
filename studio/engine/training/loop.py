"""One training loop for every stage: cosine rate, clipping, moving average, checkpoints, resume."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from studio.engine.training import checkpoint
from studio.spec.progress import Progress, Tick, silent
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
    sees what an unbroken one sees.  A loss that is not finite stops the run with the last good
    checkpoint on disk.
    """
    live = {name: p for name, p in net.named_parameters() if p.requires_grad}
    average = {name: p.detach().clone() for name, p in live.items()}
    optimizer = torch.optim.AdamW(live.values(), lr=plan.rate, weight_decay=plan.decay)
    first = _restore(folder, live, average, optimizer) if folder and resume else 0
    saved = time.monotonic()
    for step in range(first, plan.steps):
        loss = loss_at(step)
        if not torch.isfinite(loss):
            raise Refusal(
                f"Training stopped at step {step}: the loss is no longer a number.",
                "The last good state is kept; resume with a lower learning rate.",
            )
        _update(optimizer, live, average, loss, plan, step)
        due = time.monotonic() - saved > plan.checkpoint_seconds
        if folder and (due or step + 1 == plan.steps):
            _store(folder, step + 1, live, average, optimizer)
            saved = time.monotonic()
        tick(Progress(plan.name, step + 1, plan.steps, loss=float(loss.detach())))
    return average


def rate_at(plan: Plan, step: int) -> float:
    """Linear warm-up, then a cosine from `rate` to `rate * final_rate`."""
    if step < plan.warmup:
        return plan.rate * (step + 1) / plan.warmup
    done = (step - plan.warmup) / max(1, plan.steps - plan.warmup)
    low = plan.final_rate
    return plan.rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def _update(optimizer, live, average, loss: Tensor, plan: Plan, step: int) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate_at(plan, step)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(live.values(), plan.clip)
    optimizer.step()
    # a young average would otherwise remember the random start for a thousand steps
    keep = min(plan.ema, (step + 1) / (step + 10))
    with torch.no_grad():
        torch._foreach_lerp_(list(average.values()), list(live.values()), 1 - keep)


def _store(folder: Path, step: int, live, average, optimizer) -> None:
    tensors = {f"live.{k}": v for k, v in live.items()}
    tensors |= {f"average.{k}": v for k, v in average.items()}
    checkpoint.save(folder, step, tensors | checkpoint.optimizer_tensors(optimizer), {})


def _restore(folder: Path, live, average, optimizer) -> int:
    found = checkpoint.load(folder)
    if found is None:
        return 0
    step, tensors, _ = found
    with torch.no_grad():
        for name, parameter in live.items():
            parameter.copy_(tensors[f"live.{name}"])
            average[name].copy_(tensors[f"average.{name}"])
    checkpoint.load_optimizer(optimizer, tensors)
    return step
