"""Weight files of true size that take no room: a header, and a hole where the numbers would be."""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

BYTES = {"F16": 2, "BF16": 2, "F32": 4, "F8_E4M3": 1, "I64": 8}
Shapes = Mapping[str, tuple[int, ...]]


def safetensors(
    path: Path, shapes: Shapes, dtype: str = "F16", notes: Mapping[str, str] | None = None
) -> Path:
    """A safetensors file with these tensors."""
    at = 0
    header: dict[str, Mapping[str, object]] = {"__metadata__": dict(notes or {})}
    for name, shape in shapes.items():
        end = at + math.prod(shape) * BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + at)
    return path


def gguf(path: Path, shapes: Shapes, architecture: str = "wan", version: int = 3) -> Path:
    """A GGUF file with these tensors in Q8_0, or F32 where a row is no whole block."""

    def text(words: str) -> bytes:
        return struct.pack("<Q", len(words.encode())) + words.encode()

    whole = struct.pack("<4sIQQ", b"GGUF", version, len(shapes), 3)
    whole += text("general.architecture") + struct.pack("<I", 8) + text(architecture)
    whole += text("general.quantization_version") + struct.pack("<II", 4, 2)
    whole += text("a.list") + struct.pack("<IIQ", 9, 5, 3) + struct.pack("<3i", 1, 2, 3)
    at = 0
    for name, shape in shapes.items():
        fits = math.prod(shape) % 32 == 0
        whole += (
            text(name)
            + struct.pack("<I", len(shape))
            + struct.pack(f"<{len(shape)}Q", *shape[::-1])
        )
        whole += struct.pack("<IQ", 8 if fits else 0, at)
        at += math.prod(shape) // 32 * 34 if fits else math.prod(shape) * 4
    with path.open("wb") as file:
        file.write(whole)
        file.truncate(-(-len(whole) // 32) * 32 + at)
    return path
