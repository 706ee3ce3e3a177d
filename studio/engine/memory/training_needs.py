"""What a subject's training takes of memory, by shapes: its own loss and updates on the skeleton of a
model, for a card that multiplies in bfloat16 or for a processor."""

from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from studio.engine.backbone import Backbone
from studio.engine.device import SHAPES
from studio.engine.memory.host_optimizer import HostAdamW
from studio.engine.memory.live import weights
from studio.engine.memory.modes import Mixed, counting
from studio.engine.subjects import dataset
from studio.engine.subjects.dataset import SubjectData
from studio.engine.subjects.learning import checkpointed, trainable
from studio.engine.subjects.loop import Plan, fit
from studio.engine.subjects.loss import losses
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.spec.plan.need import Need
from studio.spec.plan.steps import CHECKPOINTED, OPTIMISER, RESTING, SPLIT
from studio.spec.progress import silent
from studio.spec.subject_defaults import ANY_MODEL, SubjectDefaults

UPDATES = 2
"""The first makes the optimiser's state, beside which the second computes."""


def training_need(
    backbone: Backbone,
    resting: list[nn.Module],
    spec: SubjectSpec,
    steps: tuple[str, ...],
    defaults: SubjectDefaults = ANY_MODEL,
) -> Need:
    """Bytes that a training takes at most: encoding the photos, or learning.  `backbone` and
    `resting`, what lies beside it, are on "meta"."""
    parts = [backbone.unet, backbone.text_encoder, backbone.vae]
    held = weights([*parts, *resting])
    encoding = _encoding(backbone)
    with counting([*parts, *resting]) as live, ExitStack() as stack:
        networks = stack.enter_context(trainable(backbone, spec))
        if CHECKPOINTED in steps:
            stack.enter_context(checkpointed(networks.unet))
        at = losses(backbone, networks, _data(backbone), spec, defaults, split=SPLIT in steps)
        net = nn.ModuleDict({"unet": networks.unet, "text_encoder": networks.text_encoder})
        kind = _Forgetting if OPTIMISER in steps else torch.optim.AdamW
        if backbone.device.dtype != torch.float32:
            stack.enter_context(Mixed(torch.bfloat16))
        plan = Plan("learning", UPDATES, rate=1e-4, ema=0.0)
        fit(net, at, plan, None, tick=silent, optimizer=kind)
        learned = sum(p.numel() for p in net.parameters() if p.requires_grad)
        idle = weights([backbone.vae, *resting])
        if spec.method == "dreambooth":
            idle += weights([backbone.unet, *([backbone.text_encoder] if spec.tune_text else [])])
    away = idle if RESTING in steps else 0
    waits = 8 * learned if OPTIMISER in steps else 0
    most = max(encoding + away, live.peaks[SHAPES])  # nothing rests while photos are encoded
    return Need(held - away, most, away + waits, live.flops // UPDATES)


def _encoding(backbone: Backbone) -> int:
    side = dataset.pixels(backbone)
    with counting([backbone.vae]) as live:
        dataset.encode(backbone, torch.zeros(8, 3, side, side, device=SHAPES))
    return live.peaks[SHAPES]


def _data(backbone: Backbone) -> SubjectData:
    """What was prepared of photos, as shapes."""
    unet: Any = backbone.unet.config
    latents = (4, unet.in_channels, *(unet.sample_size,) * 2)
    tokens = backbone.text_encoder.config.max_position_embeddings
    words = torch.zeros(4, tokens, unet.cross_attention_dim, device=SHAPES)
    ids = torch.zeros(4, tokens, dtype=torch.long, device=SHAPES)

    def shown() -> Tensor:
        return torch.zeros(latents, device=SHAPES)

    none = shown()[:0]
    return SubjectData(shown(), none, none[:, 0], ids, words, shown(), ids, words)


class _Forgetting(HostAdamW):
    """Its state, which lies elsewhere, is not kept at all."""

    def _move(self, parameter: Tensor, place: torch.device) -> None:
        if place.type != SHAPES:
            self.state[parameter] = {}
