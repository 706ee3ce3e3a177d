"""What a subject's training takes of memory, by shapes: its own loss and updates on the skeleton of a
model, for a card that multiplies in bfloat16 or for a processor."""

from contextlib import ExitStack

import torch
from torch import Tensor, nn

from studio.engine.device import SHAPES
from studio.engine.memory.host_optimizer import HostAdamW
from studio.engine.memory.live import weights
from studio.engine.memory.modes import Mixed, counting
from studio.engine.subjects import dataset
from studio.engine.subjects.dataset import SubjectData
from studio.engine.subjects.learning import checkpointed, idle, size_of, trainable
from studio.engine.subjects.loop import Plan, fit
from studio.engine.subjects.loss import losses
from studio.engine.subjects.student import Student
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.spec.plan.need import Need
from studio.spec.plan.steps import CHECKPOINTED, OPTIMISER, RESTING, SPLIT
from studio.spec.progress import silent
from studio.spec.subject_defaults import ANY_MODEL, SubjectDefaults

UPDATES = 2
"""The first makes the optimiser's state, beside which the second computes."""


def training_need(
    student: Student,
    spec: SubjectSpec,
    steps: tuple[str, ...],
    defaults: SubjectDefaults = ANY_MODEL,
) -> Need:
    """Bytes that a training takes at most: encoding the photos, or learning.  All networks of the
    student are on "meta"."""
    everything = [*student.networks.values(), *student.idle]
    held, size = weights(everything), size_of(student, spec, defaults)
    encoding = _encoding(student, size)
    with counting(everything) as live, ExitStack() as stack:
        nets = stack.enter_context(trainable(student, spec))
        if CHECKPOINTED in steps:
            stack.enter_context(checkpointed(nets))
        data = _data(student, size)
        at = losses(student, nets, data, spec, defaults, split=SPLIT in steps)
        kind = _Forgetting if OPTIMISER in steps else torch.optim.AdamW
        if student.device.dtype != torch.float32:
            stack.enter_context(Mixed(torch.bfloat16))
        plan, net = Plan("learning", UPDATES, rate=1e-4, ema=0.0), nn.ModuleDict(nets)
        fit(net, at, plan, None, tick=silent, optimizer=kind)
        learned = sum(p.numel() for p in net.parameters() if p.requires_grad)
        resting = weights(idle(student, nets))
    away = resting if RESTING in steps else 0
    waits = 8 * learned if OPTIMISER in steps else 0
    most = max(encoding + away, live.peaks[SHAPES])  # nothing rests while photos are encoded
    return Need(held - away, most, away + waits, live.flops // UPDATES)


def _encoding(student: Student, size: int) -> int:
    with counting(list(student.idle)) as live:
        shown = torch.zeros(dataset.at_once(size), 3, size, size, device=SHAPES)
        dataset.encode(student, shown)
    return live.peaks[SHAPES]


def _data(student: Student, size: int) -> SubjectData:
    """What was prepared of photos, as shapes."""
    latents, texts = student.blank(4, size)
    none = latents[:0]
    return SubjectData(latents, none, none[:, 0], texts, latents, texts)


class _Forgetting(HostAdamW):
    """Its state, which lies elsewhere, is not kept at all."""

    def _move(self, parameter: Tensor, place: torch.device) -> None:
        if place.type != SHAPES:
            self.state[parameter] = {}
