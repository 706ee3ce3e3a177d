"""Safetensors files checked by their headers: milliseconds, however large the weights are."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG

from studio.spec.refusal import Refusal

LARGEST_HEADER = 8_000_000
"""Bytes, enough for tens of thousands of tensors; more is refused before it is read."""
MOST_AXES = 64
BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}
"""Of one number, by the name of its type; types made up later are not counted."""


def check(path: Path) -> tuple[dict[str, Mapping], dict[str, str]]:
    """Entries by tensor name and the metadata of a safetensors file; refused where it is missing,
    cut short, or something else, by its header.

    The header says where each tensor begins and ends; they must fill the file without gaps.
    """
    advice = "Restore the file, or download the model again."
    try:
        stat = path.stat()
        if not S_ISREG(stat.st_mode):  # a pipe would be waited for
            raise ValueError("no file")
        header, length, notes = _header(path)
        whole = _end(header) == stat.st_size - 8 - length
    except FileNotFoundError:
        raise Refusal(f"The weight file {path} is missing.", advice) from None
    except PermissionError:
        raise Refusal(f"The weight file {path} cannot be read.", "Allow reading it.") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Refusal(f"{path} is not a safetensors file.", advice) from None
    if not whole:
        raise Refusal(f"The weight file {path} is cut short or damaged.", advice)
    return header, notes


def _header(path: Path) -> tuple[dict[str, Mapping], int, dict[str, str]]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LARGEST_HEADER:
            raise ValueError("no header is this long")
        header = json.loads(file.read(length))
    notes = header.pop("__metadata__", {})
    return header, length, {str(name): str(note) for name, note in notes.items()}


def _end(header: Mapping[str, Mapping]) -> int:
    """Where the last tensor ends; -1 where they leave gaps, overlap or are not what they say."""
    places = []
    for entry in header.values():
        begin, end = entry["data_offsets"]
        shape = entry["shape"]
        for number in (begin, end, *shape):
            if type(number) is not int or not 0 <= number < 2**63:
                raise ValueError(f"{number!r:.40} counts nothing")
        bits = BITS.get(entry["dtype"])
        if len(shape) > MOST_AXES or (bits and math.prod(shape) * bits != 8 * (end - begin)):
            return -1
        places.append((begin, end))
    places.sort()
    at = 0
    for begin, end in places:
        if begin != at or end < begin:
            return -1
        at = end
    return at
