"""Weights that stay as small as their file has them: GGUF's blocks, and 8-bit numbers with a scale.

They are expanded where they are used and forgotten again, so that a network takes the room that its
file does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.engine.checkpoints.blocks import numbers

EIGHT_BITS = (torch.float8_e4m3fn, torch.float8_e5m2)


@dataclass(frozen=True, slots=True)
class Packed:
    """A tensor of `shape` as bytes: of `kind` a type of GGUF's (`blocks.BLOCKS`), or "" for numbers
    of 8 bits, type `dtype`, times `scale` (of all, or of each row) where there is one."""

    data: Tensor
    shape: tuple[int, ...]
    kind: str = ""
    dtype: torch.dtype = torch.uint8
    scale: Tensor | None = None

    def expanded(self, dtype: torch.dtype) -> Tensor:
        """The numbers; computed in fp32."""
        if self.kind:
            return numbers(self.data.view(torch.uint8), self.kind, self.shape).to(dtype)
        plain = self.data.view(self.dtype).reshape(self.shape)
        if self.scale is None:
            return plain.to(dtype)
        scale = self.scale.float().reshape(-1, *(1,) * (len(self.shape) - 1))
        return (plain.float() * scale).to(dtype)

    def to(self, device: str) -> "Packed":
        """The same on a device."""
        scale = None if self.scale is None else self.scale.to(device)
        return Packed(self.data.to(device), self.shape, self.kind, self.dtype, scale)


class PackedLinear(nn.Linear):
    """A linear layer of packed weights.  `precision`, where there is one, is that in which it
    computes, whatever comes in."""

    def __init__(self, packed: Packed, *, bias: bool, precision: torch.dtype | None = None) -> None:
        rows, columns = packed.shape
        super().__init__(columns, rows, bias=bias, device="meta")
        # as int8: to weights of that type alone T5 hands its input over as it is
        self.weight = nn.Parameter(packed.data.view(torch.int8), requires_grad=False)
        # without its bytes, which else would stay where they were when the layer is moved
        self.form = replace(packed, data=torch.empty(0, dtype=torch.uint8), scale=None)
        self.precision = precision
        if packed.scale is not None:
            self.register_buffer("scale", packed.scale, persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        """(..., columns) → (..., rows)."""
        x = input if self.precision is None else input.to(self.precision)
        scale = getattr(self, "scale", None)
        packed = replace(self.form, data=self.weight.data, scale=scale)
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return F.linear(x, packed.expanded(x.dtype), bias)


def fill(
    net: nn.Module,
    state: Mapping[str, Tensor | Packed],
    *,
    precision: Mapping[str, torch.dtype],
    dtype: torch.dtype,
) -> Any:
    """A network on the meta device with these tensors, all of its own; RuntimeError or KeyError
    where they are not.  Linear layers stay packed; what bears a name of `precision` is in that."""
    plain: dict[str, Tensor] = {}
    packed: list[str] = []
    for name, tensor in state.items():
        wanted = next((precision[part] for part in name.split(".") if part in precision), dtype)
        layer, _, what = name.rpartition(".")
        if not isinstance(tensor, Packed):
            plain[name] = tensor.to(wanted)
        elif what == "weight" and type(net.get_submodule(layer)) is nn.Linear:
            _replace(net, layer, tensor, wanted if wanted != dtype else None)
            packed.append(name)
        else:
            plain[name] = tensor.expanded(wanted)
    missing, unexpected = net.load_state_dict(plain, strict=False, assign=True)
    if set(missing) != set(packed) or unexpected:
        raise RuntimeError(f"missing {sorted(set(missing) - set(packed))[:3]}, {unexpected[:3]}")
    return net.eval().requires_grad_(False)


def _replace(net: nn.Module, layer: str, packed: Packed, precision: torch.dtype | None) -> None:
    old: Any = net.get_submodule(layer)
    if tuple(old.weight.shape) != packed.shape:
        raise RuntimeError(f"{layer} has another shape")
    new = PackedLinear(packed, bias=old.bias is not None, precision=precision)
    net.set_submodule(layer, new)
