"""The tensors of a weight file, whatever its container: names and shapes first, numbers when asked."""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from studio.engine.checkpoints.blocks import BLOCKS, PLAIN
from studio.engine.checkpoints.packed import EIGHT_BITS, Packed
from studio.spec import gguf_header
from studio.spec.refusal import Refusal

Shape = tuple[int, ...]
Value = Tensor | Packed
SCALES = (".scale_weight", ".weight_scale")
"""What stands in place of ".weight" in the name of its scale, by the two kinds of ComfyUI's files."""
NOTES = (".scale_input", ".input_scale", ".comfy_quant", "scaled_fp8")
"""Ends of names beside scaled weights that only matter to products of 8-bit numbers."""
ORIGINAL_SHAPE = "comfy.gguf.orig_shape."
"""A note by which converters say the shape of a tensor that they stored as another."""


@dataclass(frozen=True, slots=True)
class WeightSource:
    """By name the shapes of a file's tensors, without scales; `read` gives one on the CPU, packed
    where it is stored so."""

    shapes: Mapping[str, Shape]
    read: Callable[[str], Value]


def opened(file: Path) -> WeightSource:
    """A safetensors or GGUF file; OSError, SafetensorError or ValueError where it is none."""
    with file.open("rb") as start:
        is_gguf = start.read(4) == gguf_header.MAGIC
    return _gguf(file) if is_gguf else _safetensors(file)


def joined(files: Sequence[Path]) -> WeightSource:
    """Of a file, or of one in pieces."""
    sources = [opened(file) for file in files]
    whose = {name: source for source in sources for name in source.shapes}
    shapes = {name: source.shapes[name] for name, source in whose.items()}
    return WeightSource(shapes, lambda name: whose[name].read(name))


def _safetensors(file: Path) -> WeightSource:
    header = _header(file)
    scales = {name: scale for name in header if (scale := _scale_of(name, header))}
    shapes = {
        name: tuple(entry["shape"])
        for name, entry in header.items()
        if not name.endswith((*SCALES, *NOTES))
    }

    def read(name: str) -> Value:
        with safe_open(file, "pt") as found:
            # copies, since a file that is mapped cannot be replaced on Windows
            tensor = found.get_tensor(name).clone()
            scale = found.get_tensor(scales[name]).clone() if name in scales else None
        return _maybe_packed(file, tensor, scale)

    return WeightSource(shapes, read)


def _header(file: Path) -> dict[str, dict]:
    with file.open("rb") as start:
        (length,) = struct.unpack("<Q", start.read(8))
        header = json.loads(start.read(length))
    header.pop("__metadata__", None)
    return header


def _scale_of(name: str, header: Mapping[str, object]) -> str:
    layer = name.removesuffix(".weight")
    return next((layer + end for end in SCALES if name != layer and layer + end in header), "")


def _maybe_packed(file: Path, tensor: Tensor, scale: Tensor | None) -> Value:
    """8-bit numbers with their scale, of all of them or of each row; others are refused."""
    if tensor.dtype in EIGHT_BITS:
        if scale is not None and scale.numel() not in (1, len(tensor)):
            raise _strange(file, "scales of a kind")
        shape = tuple(tensor.shape)
        return Packed(tensor.view(torch.uint8), shape, dtype=tensor.dtype, scale=scale)
    if scale is None:
        return tensor
    if tensor.is_floating_point():
        return tensor.float() * scale.float().reshape(-1, *(1,) * (tensor.ndim - 1))
    raise _strange(file, "packed weights of a kind")


def _strange(file: Path, what: str) -> Refusal:
    return Refusal(
        f"{file.name} holds {what} that this version does not read.",
        "Use the fp16, bf16, fp8 or GGUF file of this model.",
    )


def _gguf(file: Path) -> WeightSource:
    with file.open("rb") as start:
        found = gguf_header.read(start, file.stat().st_size, (ORIGINAL_SHAPE,))
    if strange := {kind for kind, _ in found.tensors.values()} - {*BLOCKS, *PLAIN}:
        raise Refusal(
            f"{file.name} is quantised as {', '.join(sorted(strange))}, which this version does not "
            "read.",
            "Use its Q8_0, Q6_K, Q5_K or Q4_K file.",
        )
    shapes = {
        name: tuple(found.lists.get(ORIGINAL_SHAPE + name, shape))
        for name, (_, shape) in found.tensors.items()
    }

    def read(name: str) -> Value:
        (at, length), kind, shape = found.places[name], found.tensors[name][0], shapes[name]
        with file.open("rb") as again:
            again.seek(at)
            data = torch.frombuffer(bytearray(again.read(length)), dtype=torch.uint8)
        if kind in PLAIN:
            return data.view(PLAIN[kind]).reshape(shape)
        rows = shape[0] if len(shape) == 2 else prod(shape[:-1])
        return Packed(data.reshape(rows, -1), shape, kind)

    return WeightSource(shapes, read)
