"""GGUF, the container of quantised weights: its header, in versions 2 and 3 of the format.

Little-endian: magic, version, count of tensors, count of notes; notes as typed key-value pairs; then
by tensor its name, axes (innermost first), type, and offset.  Source: ggml's docs/gguf.md.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from studio.spec.refusal import Refusal

MAGIC = b"GGUF"
MOST_TENSORS, MOST_NOTES, LONGEST, MOST_AXES = 100_000, 10_000, 1_000_000, 8
"""Counts beyond which a header is damage: text in bytes, items of a list."""
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
            12: "d"}  # fmt: skip
_TEXT, _LIST = 8, 9
TYPES: Mapping[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    20: ("IQ4_NL", 32, 18), 23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2),
    26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8), 30: ("BF16", 1, 2),
}  # fmt: skip
"""By number: name, numbers in a block, and bytes of a block."""


@dataclass(frozen=True, slots=True)
class GgufFile:
    """(type, shape) by tensor name, the shape outermost first; notes as text."""

    tensors: Mapping[str, tuple[str, tuple[int, ...]]]
    metadata: Mapping[str, str]


def read(path: Path) -> GgufFile:
    """A file's header, refused where it is damaged or the file cut short."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _read(file, size)
    except (OSError, ValueError, struct.error, UnicodeDecodeError, MemoryError) as error:
        raise Refusal(
            f"The weight file {path} is cut short or damaged.",
            "Restore the file, or download the model again.",
        ) from error


def _read(file: BinaryIO, size: int) -> GgufFile:
    magic, version, tensors, notes = struct.unpack("<4sIQQ", file.read(24))
    if magic != MAGIC or version not in (2, 3):
        raise ValueError("another format")
    if tensors > MOST_TENSORS or notes > MOST_NOTES:
        raise ValueError("too many")
    metadata = {}
    for _ in range(notes):
        name = _text(file)
        metadata[name] = _value(file, *_unpacked(file, "I"))
    found, end = {}, 0
    for _ in range(tensors):
        name = _text(file)
        (axes,) = _unpacked(file, "I")
        if axes > MOST_AXES:
            raise ValueError("axes")
        shape = _unpacked(file, "Q" * axes)[::-1]
        kind, offset = _unpacked(file, "IQ")
        label, block, of_block = TYPES.get(kind, (f"type {kind}", 1, 0))
        end = max(end, offset + -(-prod(shape) // block) * of_block)
        found[name] = label, shape
    alignment = int(metadata.get("general.alignment", "32"))
    if alignment < 1 or -(-file.tell() // alignment) * alignment + end > size:
        raise ValueError("cut short")
    return GgufFile(found, metadata)


def _unpacked(file: BinaryIO, letters: str) -> tuple:
    layout = "<" + letters
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _text(file: BinaryIO) -> str:
    (length,) = _unpacked(file, "Q")
    if length > LONGEST:
        raise ValueError("text")
    data = file.read(length)
    if len(data) != length:
        raise ValueError("cut short")
    return data.decode("utf-8")


def _value(file: BinaryIO, kind: int, depth: int = 0) -> str:
    """A note as text; of a list the count alone."""
    if kind == _TEXT:
        return _text(file)
    if kind == _LIST:
        inner, count = _unpacked(file, "IQ")
        if count > LONGEST or depth:
            raise ValueError("list")
        if inner in _NUMBERS:
            file.seek(count * struct.calcsize("<" + _NUMBERS[inner]), 1)
        else:
            for _ in range(count):
                _value(file, inner, depth + 1)
        return f"{count} values"
    return str(_unpacked(file, _NUMBERS[kind])[0]) if kind in _NUMBERS else _unknown(kind)


def _unknown(kind: int) -> str:
    raise ValueError(f"a note of type {kind}")
