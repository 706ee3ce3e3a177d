"""What may stand in the fields of nouns that come from files: ranges, lengths, names, hashes.

A noun that is read says by a method `unfit` which of its fields hold what nothing here could have
put there; `studio.project.plain` asks every noun that it reads.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

Allowed = Callable[[Any], bool]

LONGEST_TEXT = 100_000
"""Characters of a prompt: far more than is ever read of it."""
LONGEST_LABEL = 1000
LONGEST_NAME = 240
"""Bytes of what becomes the name of a file or folder; the systems take 255."""
MAX_ITEMS = 12_000
"""Shots, renders, keyframes or sources of one project."""
AT_ONCE = 1000
"""Frames that a model makes at once, whatever model it is."""
SEEDS = 2**63
_PORTS = (f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")
RESERVED = frozenset(("con", "prn", "aux", "nul", "conin$", "conout$", *_PORTS))
"""What Windows keeps for itself, whatever ending follows."""


def between(low: Fraction | float, high: float) -> Allowed:
    """Numbers from `low` to `high`; NaN is none of them."""
    return lambda value: low <= value <= high


def text(longest: int) -> Allowed:
    """Text of at most so many characters."""
    return lambda value: len(value) <= longest


def hexes(fewest: int, most: int) -> Allowed:
    """So many hexadecimal digits, as ids, keys and hashes are written."""
    digits = re.compile(f"[0-9a-f]{{{fewest},{most}}}")
    return lambda value: digits.fullmatch(value) is not None


def several(each: Allowed, most: int = MAX_ITEMS, fewest: int = 0) -> Allowed:
    """So many items, each of them allowed."""
    return lambda values: fewest <= len(values) <= most and all(map(each, values))


def either(*allowed: Allowed) -> Allowed:
    """What one of these allows."""
    return lambda value: any(fits(value) for fits in allowed)


def nothing(value: object) -> bool:
    """Allows the empty text alone."""
    return value == ""


def anything(value: object) -> bool:
    """Allows all: what it is has been checked elsewhere."""
    return True


def is_name(value: str) -> bool:
    """Whether `value` can be what a subject or model is called here: nothing of a path."""
    return (
        value not in ("", ".", "..")
        and len(value.encode(errors="surrogatepass")) <= LONGEST_NAME
        and not any(c in "/\\" or unicodedata.category(c) == "Cc" for c in value)
    )


def is_file_name(value: str) -> bool:
    """Whether any system can keep a file called `value`, and in no other folder."""
    return (
        is_name(value)
        and not any(c in '<>:"|?*' or unicodedata.category(c) == "Cs" for c in value)
        and value == value.rstrip(" .")
        and value.split(".")[0].rstrip().casefold() not in RESERVED
    )


ID = hexes(12, 12)
KEY = hexes(8, 64)
SEED = between(0, SEEDS - 1)
TEXT = text(LONGEST_TEXT)
LABEL = text(LONGEST_LABEL)


def misfits(noun: object, **allowed: Allowed) -> Iterator[str]:
    """Names of the fields of `noun` that hold what is not allowed; None is a field left open."""
    for name, fits in allowed.items():
        value = getattr(noun, name)
        if value is not None and not fits(value):
            yield name
