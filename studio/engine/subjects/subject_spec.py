"""Settings, networks and result of a subject's training."""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from studio.engine.adapter_file import Label
from studio.spec.subjects import DEFAULT_STEPS


@dataclass(frozen=True, slots=True)
class SubjectSpec:
    """How a subject is trained.  `batch`, `rate` and `prior_weight` None are the model's own
    (`SubjectDefaults`).

    `steps` is the number of updates, each on `batch` photos and as many prior pictures; `rank`
    and `alpha` are the LoRA's.  With `tune_text` the text encoder learns too; without it text is
    encoded once.  `mirror` is wrong for subjects that carry writing.
    """

    class_noun: str
    token: str = "sks"
    method: Literal["lora", "dreambooth"] = "lora"
    steps: int = DEFAULT_STEPS
    batch: int | None = None
    rate: float | None = None
    rank: int = 16
    alpha: float = 16.0
    tune_text: bool = True
    prior_pictures: int = 14
    prior_weight: float | None = None
    crops: int = 2
    mirror: bool = True
    preview_every: int = 60
    seed: int = 0
    checkpoint_seconds: float = 20.0

    @property
    def prompt(self) -> str:
        return f"a {self.token} {self.class_noun}"


@dataclass(frozen=True, slots=True)
class TrainedSubject:
    """A finished training: the adapter file, the hash of its bytes, and what there is to say.

    `losses` holds one number per step of this call; a resumed training lists what it added.
    """

    file: Path
    identity: str
    label: Label
    losses: tuple[float, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainableNetworks:
    """The two networks that are trained: the loaded ones with a LoRA injected, or copies of them."""

    unet: nn.Module
    text_encoder: nn.Module

    def as_used(self, dtype: torch.dtype) -> "TrainableNetworks":
        """In the precision that their subject will be used in: copies where they learn in another."""
        return TrainableNetworks(_in(dtype, self.unet), _in(dtype, self.text_encoder))


def _in(dtype: torch.dtype, net: nn.Module) -> nn.Module:
    if next(net.parameters()).dtype == dtype:
        return net
    # without a second copy in full precision on the way
    narrow = {id(p): nn.Parameter(p.detach().to(dtype), False) for p in net.parameters()}
    return deepcopy(net, narrow)
