"""A subject's training as it goes on: what learns, what it shows, and how where memory is short."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from torch import Tensor, nn

from studio.engine import adapter
from studio.engine.backbone import Backbone
from studio.engine.memory.host_optimizer import HostAdamW
from studio.engine.memory.resting import Resting
from studio.engine.memory.shortage import unless_short
from studio.engine.subjects import dataset
from studio.engine.subjects.dataset import SubjectData
from studio.engine.subjects.loop import Plan, RunIdentity, fit
from studio.engine.subjects.loss import losses as losses_of
from studio.engine.subjects.subject_spec import SubjectSpec, TrainableNetworks
from studio.spec.plan.steps import CHECKPOINTED, OPTIMISER, RESTING, SPLIT, learning
from studio.spec.progress import Preview, Progress, Tick
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import SubjectDefaults

TARGETS = {
    "unet": ("to_q", "to_k", "to_v", "to_out.0", "conv1", "conv2"),
    "text_encoder": ("q_proj", "k_proj", "v_proj", "out_proj"),
}
CHECKPOINTS = "checkpoints"


@contextmanager
def trainable(backbone: Backbone, spec: SubjectSpec) -> Iterator[TrainableNetworks]:
    """What learns: the loaded networks with a LoRA in them, or copies of them."""
    parts = adapter.PARTS if spec.tune_text else ("unet",)
    resident = {part: getattr(backbone, part) for part in adapter.PARTS}
    if spec.method == "dreambooth":
        for part in parts:  # copies: the resident weights never learn
            resident[part] = deepcopy(resident[part]).float().requires_grad_(True)
        yield TrainableNetworks(**resident)
        return
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(adapter.widened(resident[part], backbone.device.frozen_dtype))
            config = LoraConfig(
                r=spec.rank,
                lora_alpha=spec.alpha,  # type: ignore[arg-type]
                target_modules=list(TARGETS[part]),
            )
            adapter.inject_lora(resident[part], config, spec.seed)
            stack.callback(adapter.remove_lora, resident[part])
            for parameter in resident[part].parameters():
                if parameter.requires_grad:
                    parameter.data = parameter.data.float()
        yield TrainableNetworks(**resident)


@dataclass(frozen=True, slots=True)
class Lesson:
    """All that a training is made of."""

    backbone: Backbone
    spec: SubjectSpec
    data: SubjectData
    plan: Plan
    run: RunIdentity
    folder: Path
    tick: Tick
    moving: Callable[[TrainableNetworks], Preview] | None
    defaults: SubjectDefaults


def learned(
    lesson: Lesson, taken: int, resting: Sequence[nn.Module]
) -> tuple[dict[str, Tensor], list[float]]:
    """The tuned weights, and the losses of the steps done now, in the first way that memory is enough
    for."""
    ladder = learning(on_processor=lesson.backbone.device.name == "cpu")
    losses: list[float] = []
    for count in range(taken, len(ladder) + 1):
        steps = ladder[:count]
        average = unless_short(lambda: _learn(lesson, steps, resting, losses))  # noqa: B023
        if average is not None:
            return average, losses
        lesson.backbone.device.free()
        if count < len(ladder):
            note = f"Memory is short: {ladder[count]} from here on."
            lesson.tick(Progress(lesson.plan.name, len(losses), lesson.plan.steps, note=note))
    raise Refusal(
        "There is not enough memory to train this model, in the lightest way.",
        "Close other programs, or train by LoRA, or for a smaller model.",
    )


def _learn(
    lesson: Lesson, steps: Collection[str], resting: Sequence[nn.Module], losses: list[float]
) -> dict[str, Tensor]:
    backbone, spec, device = lesson.backbone, lesson.spec, lesson.backbone.device.name
    with trainable(backbone, spec) as networks, ExitStack() as stack:
        idle = [backbone.vae, *resting]
        idle += [net for net in (backbone.unet, backbone.text_encoder)
                 if net not in (networks.unet, networks.text_encoder)]  # fmt: skip
        rest = Resting(idle, device)
        awake = nullcontext
        if RESTING in steps:
            stack.enter_context(rest.resting())
            awake = rest.awake
        if CHECKPOINTED in steps:
            stack.enter_context(checkpointed(networks.unet))
        sample = _sampler(backbone, networks, spec, lesson.moving)
        shown = _with_samples(lesson.tick, spec, lambda step: _within(awake, sample, step))
        at = losses_of(backbone, networks, lesson.data, spec, lesson.defaults, split=SPLIT in steps)

        def recording(progress: Progress) -> None:
            if progress.loss is not None:
                losses.append(progress.loss)
            shown(progress)

        net = nn.ModuleDict({"unet": networks.unet, "text_encoder": networks.text_encoder})
        kind = HostAdamW if OPTIMISER in steps else torch.optim.AdamW
        place = lesson.folder / CHECKPOINTS
        return fit(net, at, lesson.plan, place, tick=recording, identity=lesson.run, optimizer=kind)


def _within(
    awake: Callable[[], AbstractContextManager], sample: Callable[[int], Preview], step: int
) -> Preview:
    with awake():
        return sample(step)


@contextmanager
def checkpointed(unet: Any) -> Iterator[None]:
    """Activations are computed again for gradients, instead of being kept (Chen et al. 2016)."""
    unet.enable_gradient_checkpointing()
    try:
        yield
    finally:
        unet.disable_gradient_checkpointing()


def _with_samples(tick: Tick, spec: SubjectSpec, sample: Callable[[int], Preview]) -> Tick:
    """A tick with a sample every `preview_every` steps, and at the end."""

    def sampling(progress: Progress) -> None:
        at_end = progress.step == progress.total
        due = progress.loss is not None and (at_end or progress.step % spec.preview_every == 0)
        tick(replace(progress, preview=sample(progress.step)) if due else progress)

    return sampling


def _sampler(
    backbone: Backbone,
    networks: TrainableNetworks,
    spec: SubjectSpec,
    moving: Callable[[TrainableNetworks], Preview] | None,
) -> Callable[[int], Preview]:
    def sample(step: int) -> Preview:
        shown = networks.as_used(backbone.device.dtype)
        if moving and step // spec.preview_every % 2 == 0:
            return moving(shown)
        return _preview(backbone, shown, spec)

    return sample


@torch.no_grad()
def _preview(backbone: Backbone, networks: TrainableNetworks, spec: SubjectSpec) -> Preview:
    """A cheap picture of the subject as it stands."""
    latents = dataset.draw(
        backbone, networks, [spec.prompt], seed=spec.seed, stage="sample", steps=8
    )
    picture = dataset.decode(backbone, latents)
    return Preview(1, picture.shape[1], picture.shape[2], picture.tobytes())
