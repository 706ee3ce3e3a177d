"""Weights that wait on the processor and are brought to the device layer by layer (offloading).

Each module with tensors of its own gets two hooks: before its forward they are copied to the
device, behind it they are those on the processor again, the very same tensors; so that files,
adapters and marks of what was loaded do not notice.  What a module is given is brought along.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from studio.engine.device import SHAPES

STREAMED = "studio_streamed_to"
"""The attribute of a module whose weights are streamed: the device that computes."""


def stream(net: nn.Module, device: str) -> None:
    """Have the weights of `net` wait where they are, and compute on `device`."""
    for module in net.modules():
        if any(True for _ in _own(module)) and not hasattr(module, STREAMED):
            setattr(module, STREAMED, device)
            kept: dict[str, Tensor] = {}
            module.register_forward_pre_hook(_bringing(kept, device), with_kwargs=True)
            module.register_forward_hook(_taking_back(kept), always_call=True)


def _own(module: nn.Module) -> Any:
    yield from module.named_parameters(recurse=False)
    yield from module.named_buffers(recurse=False)


def _bringing(kept: dict[str, Tensor], device: str) -> Any:
    def bring(module: nn.Module, args: Any, kwargs: Any) -> Any:
        if not kept:
            for name, tensor in _own(module):
                kept[name] = tensor.data
                tensor.data = _brought(tensor.data, device)
        return tree_map(lambda x: _with(x, device), (args, kwargs))

    return bring


def _taking_back(kept: dict[str, Tensor]) -> Any:
    def take_back(module: nn.Module, args: Any, made: Any) -> None:
        for name, tensor in _own(module):
            if name in kept:
                tensor.data = kept[name]
        kept.clear()

    return take_back


def _brought(tensor: Tensor, device: str) -> Tensor:
    if device == SHAPES:  # there is no other place: what is counted is a second tensor
        return torch.empty_like(tensor)
    return tensor.to(device, non_blocking=tensor.is_pinned())


def _with(x: Any, device: str) -> Any:
    return (
        x.to(device) if isinstance(x, Tensor) and x.device.type != torch.device(device).type else x
    )
