"""GGUF files with numbers in them, written by the format's description, apart from what reads it."""

import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

PLAIN = {"F32": (0, torch.float32), "F16": (1, torch.float16), "BF16": (30, torch.bfloat16)}
BLOCKS = {"Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q2_K": 10, "Q3_K": 11, "Q4_K": 12,
          "Q5_K": 13, "Q6_K": 14}  # fmt: skip
SIZES = {"Q4_0": 18, "Q4_1": 20, "Q5_0": 22, "Q5_1": 24, "Q8_0": 34, "Q2_K": 84, "Q3_K": 110,
         "Q4_K": 144, "Q5_K": 176, "Q6_K": 210}  # fmt: skip
"""Bytes of a block."""
NUMBER = {"i": 5, "f": 6, "B": 0}


def q8_0(weights: Tensor) -> bytes:
    """Blocks of 32: an fp16 scale, the largest over 127, and whole numbers of 8 bits."""
    blocks = weights.float().reshape(-1, 32)
    scale = (blocks.abs().amax(1, keepdim=True) / 127).half()
    q = (blocks / scale.float().clamp_min(1e-12)).round().clamp(-127, 127).to(torch.int8)
    return torch.cat([scale.view(torch.uint8), q.view(torch.uint8)], 1).numpy().tobytes()


def write(
    path: Path,
    tensors: Mapping[str, tuple[str, Sequence[int], bytes]],
    lists: Mapping[str, tuple[str, Sequence]] | None = None,
) -> Path:
    """By name the type, shape and bytes of tensors; lists of texts ("s") or numbers, by their type."""
    lists = lists or {}
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), 1 + len(lists))
    head += _text("general.architecture") + struct.pack("<I", 8) + _text("wan")
    for name, (kind, values) in lists.items():
        head += _text(name) + struct.pack(
            "<IIQ", 9, 8 if kind == "s" else NUMBER[kind], len(values)
        )
        if kind == "s":
            head += b"".join(_text(value) for value in values)
        else:
            head += struct.pack(f"<{len(values)}{kind}", *values)
    at, body = 0, list[bytes]()
    for name, (kind, shape, data) in tensors.items():
        head += _text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape[::-1])
        head += struct.pack("<IQ", BLOCKS.get(kind) or PLAIN[kind][0], at)
        data += b"\0" * (-len(data) % 32)
        body.append(data)
        at += len(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join([head, b"\0" * (-len(head) % 32), *body]))
    return path


def plain(tensor: Tensor, kind: str = "F32") -> tuple[str, Sequence[int], bytes]:
    data = tensor.to(PLAIN[kind][1]).contiguous().view(torch.uint8).numpy().tobytes()
    return kind, tensor.shape or (1,), data


def quantised(state: Mapping[str, Tensor]) -> dict[str, tuple[str, Sequence[int], bytes]]:
    """Matrices in Q8_0, all else in full, as converters of networks do it."""
    return {
        name: ("Q8_0", tuple(tensor.shape), q8_0(tensor))
        if tensor.ndim == 2 and math.prod(tensor.shape) % 32 == 0 and "norm" not in name
        else plain(tensor)
        for name, tensor in state.items()
    }


def _text(words: str) -> bytes:
    return struct.pack("<Q", len(words.encode())) + words.encode()
