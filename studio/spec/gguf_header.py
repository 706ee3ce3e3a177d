"""GGUF, the container of quantised weights: its header, in versions 2 and 3 of the format.

Little-endian: magic, version, count of tensors, count of notes; notes as typed key-value pairs; then
by tensor its name, axes (innermost first), type, and offset.  Source: ggml's docs/gguf.md.
"""

import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, BinaryIO

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


DAMAGE = (ValueError, struct.error, UnicodeDecodeError, MemoryError)
"""What reading a header raises that is damaged or cut short."""


@dataclass(frozen=True, slots=True)
class GgufFile:
    """(type, shape) by tensor name, the shape outermost first; notes as text; lists that were asked
    for; by tensor where it begins in the file, and how many bytes it has (0 of an unknown type).
    """

    tensors: Mapping[str, tuple[str, tuple[int, ...]]]
    metadata: Mapping[str, str]
    lists: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def read(file: BinaryIO, size: int, lists: Collection[str] = ()) -> GgufFile:
    """The header of a file of `size` bytes, with the notes named in `lists` whole, which are lists.
    One of `DAMAGE` where it is damaged or the file cut short."""
    magic, version, tensors, notes = struct.unpack("<4sIQQ", file.read(24))
    if magic != MAGIC or version not in (2, 3):
        raise ValueError("another format")
    if tensors > MOST_TENSORS or notes > MOST_NOTES:
        raise ValueError("too many")
    metadata, whole = {}, {}
    for _ in range(notes):
        name = _text(file)
        (kind,) = _unpacked(file, "I")
        if kind == _LIST and _is_wanted(name, lists):
            whole[name] = _items(file)
        else:
            metadata[name] = _value(file, kind)
    found, at = {}, {}
    for _ in range(tensors):
        name, kind, shape, offset = _tensor(file)
        label, block, of_block = TYPES.get(kind, (f"type {kind}", 1, 0))
        found[name] = label, shape
        at[name] = offset, -(-prod(shape) // block) * of_block
    alignment = int(metadata.get("general.alignment", "32"))
    end = max((offset + length for offset, length in at.values()), default=0)
    if alignment < 1:
        raise ValueError("alignment")
    start = -(-file.tell() // alignment) * alignment
    if start + end > size:
        raise ValueError("cut short")
    places = {name: (start + offset, length) for name, (offset, length) in at.items()}
    return GgufFile(found, metadata, whole, places)


def _is_wanted(name: str, lists: Collection[str]) -> bool:
    return any(name == one or (one.endswith(".") and name.startswith(one)) for one in lists)


def _tensor(file: BinaryIO) -> tuple[str, int, tuple[int, ...], int]:
    name = _text(file)
    (axes,) = _unpacked(file, "I")
    if axes > MOST_AXES:
        raise ValueError("axes")
    shape = _unpacked(file, "Q" * axes)[::-1]
    kind, offset = _unpacked(file, "IQ")
    return name, kind, shape, offset


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


def _items(file: BinaryIO) -> tuple[Any, ...]:
    """A list of numbers or texts."""
    inner, count = _unpacked(file, "IQ")
    if count > LONGEST:
        raise ValueError("list")
    if inner == _TEXT:
        return tuple(_text(file) for _ in range(count))
    return _unpacked(file, _NUMBERS[inner] * count) if inner in _NUMBERS else _unknown(inner)


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


def _unknown(kind: int) -> Any:
    raise ValueError(f"a note of type {kind}")
