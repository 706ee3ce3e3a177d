"""A subject's training as it goes on: what learns, what it shows, and how where memory is short."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from torch import Tensor, nn

from studio.engine.lora import adapter
from studio.engine.memory.host_optimizer import HostAdamW
from studio.engine.memory.resting import Resting
from studio.engine.memory.shortage import unless_short
from studio.engine.subjects.dataset import SubjectData
from studio.engine.subjects.loop import Plan, RunIdentity, fit
from studio.engine.subjects.loss import losses as losses_of
from studio.engine.subjects.student import Drawing, Nets, Sampler, Student
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.spec.plan.steps import CHECKPOINTED, OPTIMISER, RESTING, SPLIT, learning
from studio.spec.progress import DRAWING, Preview, Progress, Tick, silent
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import SubjectDefaults

CHECKPOINTS = "checkpoints"
TEXT = "text_encoder"


@contextmanager
def trainable(student: Student, spec: SubjectSpec) -> Iterator[Nets]:
    """What learns: the loaded networks with a LoRA in them, or copies of them."""
    resident = {
        part: net for part, net in student.networks.items() if spec.tune_text or part != TEXT
    }
    if spec.method == "dreambooth":  # copies: the resident weights never learn
        yield {part: deepcopy(net).float().requires_grad_(True) for part, net in resident.items()}
        return
    with ExitStack() as stack:
        for part, net in resident.items():
            stack.enter_context(adapter.widened(net, student.device.frozen_dtype))
            config = LoraConfig(
                r=spec.rank,
                lora_alpha=spec.alpha,  # type: ignore[arg-type]
                target_modules=list(student.targets[part]),
            )
            adapter.inject_lora(net, config, spec.seed)
            stack.callback(adapter.remove_lora, net)
            for parameter in net.parameters():
                if parameter.requires_grad:
                    parameter.data = parameter.data.float()
        yield resident


def as_used(nets: Nets, dtype: torch.dtype) -> Nets:
    """In the precision that their subject will be used in: copies where they learn in another."""
    return {part: _in(dtype, net) for part, net in nets.items()}


def _in(dtype: torch.dtype, net: nn.Module) -> nn.Module:
    if next(net.parameters()).dtype == dtype:
        return net
    # without a second copy in full precision on the way
    narrow = {id(p): nn.Parameter(p.detach().to(dtype), False) for p in net.parameters()}
    return deepcopy(net, narrow)


@dataclass(frozen=True, slots=True)
class Lesson:
    """All that a training is made of."""

    student: Student
    spec: SubjectSpec
    data: SubjectData
    plan: Plan
    run: RunIdentity
    folder: Path
    tick: Tick
    defaults: SubjectDefaults

    @property
    def size(self) -> int:
        """Pixels of a side of what is learned and shown."""
        return size_of(self.student, self.spec, self.defaults)


def size_of(student: Student, spec: SubjectSpec, defaults: SubjectDefaults) -> int:
    """Pixels of a side: as chosen, as the model's card says, or as its network was trained."""
    return spec.size or defaults.size or student.size


def learned(lesson: Lesson, taken: int) -> tuple[dict[str, Tensor], list[float]]:
    """The tuned weights, and the losses of the steps done now, in the first way that memory is enough
    for."""
    ladder = learning(on_processor=lesson.student.device.name == "cpu")
    losses: list[float] = []
    moving = lesson.student.moving(lesson.spec)
    for count in range(taken, len(ladder) + 1):
        steps = ladder[:count]
        average = unless_short(lambda: _learn(lesson, steps, moving, losses))  # noqa: B023
        if average is not None:
            return average, losses
        lesson.student.device.free()
        if count < len(ladder):
            note = f"Memory is short: {ladder[count]} from here on."
            lesson.tick(Progress(lesson.plan.name, len(losses), lesson.plan.steps, note=note))
    raise Refusal(
        "There is not enough memory to train this model, in the lightest way.",
        "Close other programs, train by LoRA or on smaller pictures, or for a smaller model.",
    )


def _learn(
    lesson: Lesson, steps: Collection[str], moving: Sampler | None, losses: list[float]
) -> dict[str, Tensor]:
    student, spec = lesson.student, lesson.spec
    with trainable(student, spec) as nets, ExitStack() as stack:
        rest = Resting(idle(student, nets), student.device.name)
        awake = nullcontext
        if RESTING in steps:
            stack.enter_context(rest.resting())
            awake = rest.awake
        if CHECKPOINTED in steps:
            stack.enter_context(checkpointed(nets))
        sample = _sampler(lesson, nets, moving)
        shown = _with_samples(lesson.tick, spec, lambda step: _within(awake, sample, step))
        at = losses_of(student, nets, lesson.data, spec, lesson.defaults, split=SPLIT in steps)

        def recording(progress: Progress) -> None:
            if progress.loss is not None:
                losses.append(progress.loss)
            shown(progress)

        kind = HostAdamW if OPTIMISER in steps else torch.optim.AdamW
        how = {"tick": recording, "identity": lesson.run, "optimizer": kind}
        return fit(nn.ModuleDict(nets), at, lesson.plan, lesson.folder / CHECKPOINTS, **how)


def idle(student: Student, nets: Nets) -> list[nn.Module]:
    """What does not learn while `nets` do."""
    learning = [id(net) for net in nets.values()]
    others = [net for net in student.networks.values() if id(net) not in learning]
    return [*student.idle, *others]


def _within(
    awake: Callable[[], AbstractContextManager], sample: Callable[[int], Preview], step: int
) -> Preview:
    with awake():
        return sample(step)


@contextmanager
def checkpointed(nets: Nets) -> Iterator[None]:
    """Activations of the network that predicts, the first, are computed again for gradients, instead
    of being kept (Chen et al. 2016)."""
    net: Any = next(iter(nets.values()))
    net.enable_gradient_checkpointing()
    try:
        yield
    finally:
        net.disable_gradient_checkpointing()


def _with_samples(tick: Tick, spec: SubjectSpec, sample: Callable[[int], Preview]) -> Tick:
    """A tick with a sample every `preview_every` steps, and at the end."""

    def sampling(progress: Progress) -> None:
        at_end = progress.step == progress.total
        due = progress.loss is not None and (at_end or progress.step % spec.preview_every == 0)
        if due:
            tick(replace(progress, loss=None, note=DRAWING))
            progress = replace(progress, preview=sample(progress.step))
        tick(progress)

    return sampling


def _sampler(lesson: Lesson, nets: Nets, moving: Sampler | None) -> Callable[[int], Preview]:
    def sample(step: int) -> Preview:
        shown = as_used(nets, lesson.student.device.dtype)
        if moving and step // lesson.spec.preview_every % 2 == 0:
            return moving(shown)
        return _preview(lesson, shown)

    return sample


@torch.no_grad()
def _preview(lesson: Lesson, nets: Nets) -> Preview:
    """A cheap picture of the subject as it stands."""
    how = Drawing(lesson.spec.seed, "sample", steps=8)
    latents = lesson.student.draw(nets, [lesson.spec.prompt], lesson.size, how, silent)
    picture = lesson.student.decode(latents)
    return Preview(1, picture.shape[1], picture.shape[2], picture.tobytes())
