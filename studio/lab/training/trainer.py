"""The trainer of every stage: fused updates, nothing waits for the device, a pace that is measured.

A card is kept busy by not asking it: losses are read about once a second.  A stage that is given
seconds instead of updates learns from its first updates how many fit, and keeps that number in its
folder.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from studio.engine.checkpoints.tensor_file import write_text_whole
from studio.engine.device import place_of
from studio.engine.families.videoldm.layer_file import stored_name
from studio.engine.subjects import checkpoint
from studio.engine.subjects.loop import Plan, rate_at
from studio.spec.progress import Cancelled, Progress, Tick, silent
from studio.spec.refusal import Refusal

Loss = Callable[[int, float], Tensor]
"""The loss at an update, and how much of the training is done by then, 0..1."""

PACE_FROM, PACE_UNTIL, PACE_SHARE = 6, 52, 0.15
"""The updates between which the pace is taken, the first ones choose kernels; or up to this share of
the seconds, where updates are slow."""
LOSS_INTERVAL = 1.0
"""Seconds between readings of the loss."""
MAX_SKIPPED_SHARE = 0.02
"""The largest share of updates that may be left out because a gradient is no number."""
AVERAGE_DIVISOR = 12
"""The average reaches back over the training's length divided by this, at most."""
PACE = "pace.json"
FUSED = ("cuda", "cpu", "mps", "xpu")
"""Kinds of devices on which an update is one kernel."""
MAX_RATE_SCALE = 1.6
"""Factor that a learning rate gets for a larger batch at most."""
Net = TypeVar("Net", bound=nn.Module)


@dataclass(slots=True)
class _State:
    """`live` and `average` by name; `stored` gives the name in checkpoints (`STORED_NAMES`)."""

    stored: dict[str, str]
    live: dict[str, nn.Parameter]
    average: dict[str, Tensor]
    optimizer: torch.optim.AdamW
    bad: Tensor  # updates that were left out, counted on the device
    done: int = 0


def train(net: Net, loss_at: Loss, plan: Plan, folder: Path, **how: Any) -> Net:
    """Train what asks for a gradient in `net`, as `fit` does; it ends with the averages, frozen."""
    net.load_state_dict(fit(net, loss_at, plan, folder, **how), strict=False)
    return net.eval().requires_grad_(False)


def scaled_rate(rate: float, batch: int, usual: int) -> float:
    """The learning rate of a `usual` batch for a larger one: times the root, up to `MAX_RATE_SCALE`."""
    return rate * min(MAX_RATE_SCALE, (batch / usual) ** 0.5)


def allow_tf32() -> None:
    """Let cards multiply single precision by TF32: faster, and exact enough for training."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True


def fit(
    net: nn.Module,
    loss_at: Loss,
    plan: Plan,
    folder: Path,
    *,
    seconds: float | None = None,
    keep_last: bool = False,
    tick: Tick = silent,
) -> dict[str, Tensor]:
    """Train what asks for a gradient; returns the averaged weights.

    `loss_at` must depend on the update alone for its data and noise.  With `seconds` the number of
    updates is what fits into them, whatever the plan says.  Stopped at a tick it leaves a
    checkpoint, and with `keep_last` at the end too; who packs the result needs none there.
    """
    state = _fresh(net, plan)
    _restore(state, folder)
    clock = _Clock(plan, folder, seconds, tick)
    clock.start(state)
    try:
        while state.done < clock.plan.steps:
            step = state.done
            loss = loss_at(step, 0.0 if clock.is_measuring else step / clock.plan.steps)
            _update(state, loss, clock.plan)
            if clock.is_due:
                _store(state, folder)
                clock.stored()
            clock.report(state, loss)
    except (Cancelled, KeyboardInterrupt):
        _store(state, folder)
        raise
    clock.read(state, None)
    if keep_last:
        _store(state, folder)
    return state.average


def _fresh(net: nn.Module, plan: Plan) -> _State:
    live = {name: p for name, p in net.named_parameters() if p.requires_grad}
    average = {name: p.detach().clone() for name, p in live.items()}
    fused = place_of(net).type in FUSED
    optimizer = torch.optim.AdamW(live.values(), plan.rate, weight_decay=plan.decay, fused=fused)
    stored = {name: stored_name(net, name) for name in live}
    return _State(stored, live, average, optimizer, torch.zeros((), device=place_of(net)))


def _update(state: _State, loss: Tensor, plan: Plan) -> None:
    optimizer, step = state.optimizer, state.done
    for group in optimizer.param_groups:
        group["lr"] = rate_at(plan, step)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(state.live.values(), plan.clip)
    missed = (~torch.isfinite(norm)).float()
    if norm.device.type in FUSED:
        # the kernel leaves an update out where this is 1, so that nobody has to wait and see
        setattr(optimizer, "found_inf", missed)  # noqa: B010
        optimizer.step()
    elif not missed:
        optimizer.step()
    limit = min(plan.ema, 1 - AVERAGE_DIVISOR / max(plan.steps, 2 * AVERAGE_DIVISOR))
    keep = min(limit, (step + 1) / (step + 10))
    with torch.no_grad():
        state.bad += missed
        torch._foreach_lerp_(list(state.average.values()), list(state.live.values()), 1 - keep)
    state.done = step + 1


class _Clock:
    """Counts updates and time; says what remains, when to look, and when to write."""

    def __init__(self, plan: Plan, folder: Path, seconds: float | None, tick: Tick) -> None:
        self.plan, self._file, self._seconds, self._tick = plan, folder / PACE, seconds, tick
        self._loss: float | None = None
        self.is_measuring = False

    def start(self, state: _State) -> None:
        self._began = self._looked = self._stored = time.monotonic()
        self._first = state.done
        self._measured: float | None = None
        if self._seconds is None:
            return
        if self._file.exists():
            self.plan = replace(self.plan, steps=int(json.loads(self._file.read_text())["steps"]))
        else:
            self.is_measuring = True
            self.plan = replace(self.plan, steps=10**9)

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._stored > self.plan.checkpoint_seconds

    def stored(self) -> None:
        self._stored = time.monotonic()

    def report(self, state: _State, loss: Tensor) -> None:
        """A tick; the device is asked now and then, and when the pace is taken."""
        made = state.done - self._first
        if self.is_measuring and self._is_time_to_measure(made):
            self.read(state, loss)
            self._measure(state, made)
        elif time.monotonic() - self._looked > LOSS_INTERVAL:
            self.read(state, loss)
            self._hasten(state)
        total = PACE_UNTIL if self.is_measuring else self.plan.steps
        self._tick(Progress(self.plan.name, state.done, max(total, state.done), loss=self._loss))

    def read(self, state: _State, loss: Tensor | None) -> None:
        """Read what the device has counted: it has done all updates by then."""
        counters = [state.bad] if loss is None else [state.bad, loss.detach().float()]
        bad, *losses = torch.stack(counters).cpu().tolist()
        self._loss = losses[0] if losses else self._loss
        self._looked = time.monotonic()
        if bad > 20 + MAX_SKIPPED_SHARE * state.done:
            raise Refusal(
                f"Training stopped at update {state.done}: gradients are no longer numbers.",
                "Train with a lower rate.",
            )

    def _is_time_to_measure(self, made: int) -> bool:
        late = time.monotonic() - self._began > PACE_SHARE * (self._seconds or 0)
        return made in (PACE_FROM, PACE_UNTIL) or (made > PACE_FROM and late)

    def _measure(self, state: _State, made: int) -> None:
        if made == PACE_FROM:
            self._measured = time.monotonic()
            return
        assert self._measured is not None
        assert self._seconds is not None
        pace = (time.monotonic() - self._measured) / (made - PACE_FROM)
        left = self._seconds - (time.monotonic() - self._began)
        self.is_measuring = False
        self._settle(state.done + max(1, int(0.96 * left / pace)))

    def _hasten(self, state: _State) -> None:
        """Plan for fewer updates where they turn out slower than measured: never for more."""
        made, used = state.done - self._first, self._looked - self._began
        if self._seconds is None or self.is_measuring or self._measured is None:
            return
        pace = (self._looked - self._measured) / max(1, made - PACE_FROM)
        fits = state.done + max(1, int((self._seconds - used) / pace))
        if fits < 0.98 * self.plan.steps:
            self._settle(fits)

    def _settle(self, steps: int) -> None:
        self.plan = replace(self.plan, steps=steps)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_text_whole(self._file, json.dumps({"steps": steps}))


def _store(state: _State, folder: Path) -> None:
    stored = state.stored
    tensors: dict[str, Tensor] = {f"live.{stored[k]}": v for k, v in state.live.items()}
    tensors |= {f"average.{stored[k]}": v for k, v in state.average.items()}
    tensors |= checkpoint.optimizer_tensors(state.optimizer)
    checkpoint.save(folder, state.done, tensors, {})


def _restore(state: _State, folder: Path) -> None:
    found = checkpoint.load(folder)
    if found is None:
        return
    step, tensors, _ = found
    with torch.no_grad():
        for name, parameter in state.live.items():
            parameter.copy_(tensors[f"live.{state.stored[name]}"])
            state.average[name].copy_(tensors[f"average.{state.stored[name]}"])
    checkpoint.load_optimizer(state.optimizer, tensors)
    state.done = step
