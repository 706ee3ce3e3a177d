"""One training loop for every stage: cosine rate, clipping, moving average, checkpoints, resume."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from studio.engine.memory.shortage import is_shortage
from studio.engine.subjects import checkpoint
from studio.spec.progress import Cancelled, Progress, Tick, silent
from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Plan:
    """How a stage trains.  `ema` is the limit of the moving average's decay; 0 switches it off.

    Checkpoints are written every `checkpoint_seconds`, 0 for after every update, and at any rate so
    seldom that writing takes no more than a twentieth of the time; besides those at a stop and at
    the end.
    """

    name: str
    steps: int
    rate: float
    warmup: int = 100
    final_rate: float = 0.05
    decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.999
    checkpoint_seconds: float = 20.0


WRITING = 0.05
"""The largest share of the time that is spent on writing checkpoints."""


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Hashes of a run's settings and weights (`way`) and of its data (`material`), as checkpoints
    have them.

    The first stays the same as long as a run goes on; the data may change once it has ended.
    `device` is where it runs: the first hash is of the weights as they are there.
    """

    way: str
    material: str
    device: str = ""


@dataclass(slots=True)
class _State:
    """What a checkpoint holds: live and averaged parameters by name, none where nothing is
    averaged, and the optimiser.

    `done` updates have gone into it; in the midst of one it `is_whole` no longer.
    """

    live: dict[str, nn.Parameter]
    average: dict[str, Tensor]
    optimizer: torch.optim.Optimizer
    done: int = 0
    is_whole: bool = True


def fit(
    net: nn.Module,
    loss_at: Callable[[int], Tensor | Iterable[Tensor]],
    plan: Plan,
    folder: Path | None,
    *,
    tick: Tick = silent,
    resume: bool = True,
    identity: RunIdentity | None = None,
    optimizer: type[torch.optim.AdamW] = torch.optim.AdamW,
) -> dict[str, Tensor]:
    """Train the parameters of `net` that ask for a gradient; returns their averaged weights.

    `loss_at(step)`, a loss or the shares that add up to it, must depend on the step alone for its data and noise, so that a resumed run
    sees what an unbroken one sees.  A loss or gradient that is not finite stops the run with the
    last good checkpoint on disk.  Who stops it, at a tick or by Ctrl+C at any moment, finds it at
    the very step where it stood.

    A run that ended can learn on, up to more steps, with the optimiser as it was; one that was
    stopped on the way goes on with the same `identity` and steps alone, where these are known.
    """
    live = {name: p for name, p in net.named_parameters() if p.requires_grad}
    average = {name: p.detach().clone() for name, p in live.items() if plan.ema}
    updates = optimizer(live.values(), lr=plan.rate, weight_decay=plan.decay)
    state = _State(live, average, updates)
    keeper = _Keeper(folder, plan, identity)
    if folder and resume:
        keeper.restore(state, tick)
    try:
        for step in range(state.done, plan.steps):
            loss = _update(state, loss_at, plan, step)
            if keeper.is_due(state):
                keeper.store(state)
            tick(Progress(plan.name, step + 1, plan.steps, loss=float(loss)))
    except (Cancelled, KeyboardInterrupt, RuntimeError, MemoryError) as error:
        stopped = isinstance(error, Cancelled | KeyboardInterrupt) or is_shortage(error)
        if stopped and state.is_whole and keeper.saved < state.done:
            keeper.store(state)
        raise
    return average or {name: p.detach() for name, p in live.items()}


def rate_at(plan: Plan, step: int) -> float:
    """Linear warm-up, then a cosine from `rate` to `rate * final_rate`."""
    if step < plan.warmup:
        return plan.rate * (step + 1) / plan.warmup
    done = (step - plan.warmup) / max(1, plan.steps - plan.warmup)
    low = plan.final_rate
    return plan.rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def _update(
    state: _State, loss_at: Callable[[int], Tensor | Iterable[Tensor]], plan: Plan, step: int
) -> Tensor:
    """One update; gives its loss."""
    for group in state.optimizer.param_groups:
        group["lr"] = rate_at(plan, step)
    state.optimizer.zero_grad(set_to_none=True)
    shares, total = loss_at(step), torch.zeros(())
    for number, share in enumerate([shares] if isinstance(shares, Tensor) else shares):
        _check_finite(share, "loss", step)
        share.backward()
        total = total + share.detach() if number else share.detach()
    # a finite loss can have gradients that are not, and these would reach the next checkpoint
    _check_finite(nn.utils.clip_grad_norm_(state.live.values(), plan.clip), "gradient", step)
    state.is_whole = False
    state.optimizer.step()
    # a young average would otherwise remember the random start for a thousand steps
    keep = min(plan.ema, (step + 1) / (step + 10))
    if state.average:
        with torch.no_grad():
            torch._foreach_lerp_(list(state.average.values()), list(state.live.values()), 1 - keep)
    state.done, state.is_whole = step + 1, True
    return total


def _check_finite(value: Tensor, what: str, step: int) -> None:
    if not torch.isfinite(value):
        raise Refusal(
            f"Training stopped at step {step}: the {what} is no longer a number.",
            "The last good state is kept; resume with a lower learning rate.",
        )


class _Keeper:
    """Writes the checkpoints of a run, and reads them back.  `saved` updates are on the disk."""

    def __init__(self, folder: Path | None, plan: Plan, identity: RunIdentity | None) -> None:
        self._folder, self._plan, self._identity = folder, plan, identity
        self.saved, self._at, self._took = 0, time.monotonic(), 0.0

    def is_due(self, state: _State) -> bool:
        """Whether it is time for a checkpoint: at the end, and between as the plan has it."""
        if state.done == self._plan.steps or self._plan.checkpoint_seconds <= 0:
            return self._folder is not None
        since = time.monotonic() - self._at
        least = max(self._plan.checkpoint_seconds, self._took * (1 / WRITING - 1))
        return self._folder is not None and since > least

    def store(self, state: _State) -> None:
        """Write a checkpoint; where nothing is averaged, the live parameters are the average."""
        if self._folder is None:
            return
        began = time.monotonic()
        tensors: dict[str, Tensor] = {f"live.{k}": v for k, v in state.live.items()}
        if self._plan.ema:
            tensors |= {f"average.{k}": v for k, v in state.average.items()}
        tensors |= checkpoint.optimizer_tensors(state.optimizer)
        checkpoint.save(self._folder, state.done, tensors, _notes(self._plan, self._identity))
        self.saved, self._at = state.done, time.monotonic()
        self._took = self._at - began

    def restore(self, state: _State, tick: Tick) -> None:
        """Let `state` take over the newest whole checkpoint, where there is one that may go on."""
        assert self._folder is not None

        def report(sentence: str) -> None:
            tick(Progress(self._plan.name, 0, self._plan.steps, note=sentence))

        found = checkpoint.load(self._folder, report)
        if found is None:
            return
        step, tensors, notes = found
        _check_identity(step, notes, self._plan, self._identity)
        _check_fits(self._folder, state, tensors)
        with torch.no_grad():
            for name, parameter in state.live.items():
                parameter.copy_(tensors[f"live.{name}"])
                if name in state.average:
                    averaged = tensors.get(f"average.{name}", tensors[f"live.{name}"])
                    state.average[name].copy_(averaged)
        checkpoint.load_optimizer(state.optimizer, tensors)
        self.saved = state.done = step


def check_goes_on(folder: Path, plan: Plan, identity: RunIdentity) -> None:
    """Refuse, before anything is loaded, what the newest checkpoint of `folder` cannot go on to."""
    if found := checkpoint.peek(folder):
        _check_identity(*found, plan, identity)


def _notes(plan: Plan, identity: RunIdentity | None) -> dict:
    return {"steps": plan.steps} | (asdict(identity) if identity else {})


def _check_identity(step: int, notes: dict, plan: Plan, identity: RunIdentity | None) -> None:
    """Runs of older versions carry no hashes and are not checked."""
    if identity is None or "way" not in notes:
        return
    same_way, same_steps = notes["way"] == identity.way, notes["steps"] == plan.steps
    goes_on = same_way and same_steps and notes["material"] == identity.material
    learns_on = same_way and step == notes["steps"] <= plan.steps
    if goes_on or learns_on:
        return
    device = notes.get("device", identity.device)
    raise started_otherwise() if same_way or device == identity.device else _started_on(device)


def _started_on(device: str) -> Refusal:
    """Weights are other numbers there, so that what was learned would not fit these."""
    return Refusal(
        f"The training in this folder was begun on another device ({device}).",
        f"Go on there (--device {device}), or start anew (--anew).",
    )


def started_otherwise() -> Refusal:
    """The refusal of a stopped training that would go on with other data or settings."""
    return Refusal(
        "The training in this folder was begun with other photos or settings.",
        "Go on with those it was begun with, or start anew (--anew).",
    )


def _check_fits(folder: Path, state: _State, tensors: dict[str, Tensor]) -> None:
    """The checkpoint must hold exactly these parameters, or nothing is touched."""
    stored = {k.removeprefix("live."): t.shape for k, t in tensors.items() if k.startswith("live.")}
    if stored != {name: p.shape for name, p in state.live.items()}:
        raise Refusal(
            "The checkpoint to resume from belongs to another network.",
            f"Delete the folder {folder} to start again.",
        )
