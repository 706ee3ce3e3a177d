"""Weights replaced while a `with` lasts: by tuned ones, and by their sums with changes of any rank."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from studio.engine.lora.fitting import Share
from studio.spec.refusal import Refusal


@contextmanager
def weights_changed(module: nn.Module, shares: Sequence[Share]) -> Iterator[None]:
    """Tuned weights in place of the loaded ones, interpolated between both by their strength, and
    all changes onto these; each change is computed from them alone, in fp32, so that their order
    hardly matters.  Afterwards the very tensors of before."""
    changed = {name for share in shares for name in (*share.instead, *share.onto)}
    live = {name: p for name, p in module.named_parameters() if name in changed}
    kept = {name: p.data for name, p in live.items()}
    if packed := [name for name, data in kept.items() if data.dtype == torch.int8]:
        raise Refusal(
            "This adapter is no LoRA of low rank and changes weights that are stored packed here, such "
            f"as {packed[0]}.",
            "Use the model's fp16 or bf16 file with it.",
        )
    try:
        for name, parameter in live.items():
            parameter.data = _changed(name, kept[name], shares)
        yield
    finally:
        for name, parameter in live.items():
            parameter.data = kept[name]


@torch.no_grad()
def _changed(name: str, loaded: Tensor, shares: Sequence[Share]) -> Tensor:
    weight = loaded.float()
    for share in shares:
        if (tuned := share.instead.get(name)) is not None:
            weight = torch.lerp(weight, tuned.to(weight.device, torch.float32), share.strength)
    whole = weight
    for share in shares:
        for change in share.onto.get(name, ()):
            whole = whole + change.delta(weight, share.strength)
    return whole.to(loaded.dtype)
