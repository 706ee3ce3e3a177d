"""What may stand in the fields of a model's card: each is checked by itself, and refused in a sentence."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from studio.spec.bounds import is_name
from studio.spec.timing import FASTEST, SLOWEST

RATE = r"[0-9]{1,9}(\.[0-9]{1,9}|/0*[1-9][0-9]{0,8})?"
"""A rate as text."""
FILE = (
    r"([A-Za-z0-9_+-][A-Za-z0-9._+-]{0,99}/){0,5}[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,99}\.safetensors"
)
"""A weight file inside a model's folder."""

Check = Callable[[str, object], Any]
"""A field's name and value → what it means; ValueError where that may not stand there."""


def checked(
    table: Mapping[str, Any], checks: Mapping[str, Check], needed: tuple[str, ...]
) -> dict[str, Any]:
    """The values of a table by name.  ValueError, in a clause of a sentence, for what is not known,
    is missing, or may not stand there."""
    if strange := sorted(set(table) - set(checks)):
        raise ValueError(f"this version does not know “{shown(strange[0])}”")
    if missing := [name for name in needed if name not in table]:
        raise ValueError(f"it does not say {', '.join(missing)}")
    return {name: checks[name](name, value) for name, value in table.items()}


def whole(low: int, high: int) -> Check:
    """A whole number from `low` to `high`."""

    def check(name: str, value: object) -> int:
        right = type(value) is int and low <= value <= high
        must(right, name, value, f"a whole number from {low} to {high}")
        return value  # pyright: ignore[reportReturnType]

    return check


def real(low: float, high: float) -> Check:
    """A number from `low` to `high`."""

    def check(name: str, value: object) -> float:
        right = type(value) in (int, float) and low <= value <= high  # pyright: ignore
        must(right, name, value, f"a number from {low:g} to {high:g}")
        return float(value)  # pyright: ignore[reportArgumentType]

    return check


def line(longest: int, *, empty: bool = False) -> Check:
    """One printable line, of something if not `empty`."""

    def check(name: str, value: object) -> str:
        right = isinstance(value, str) and value.isprintable() and len(value) <= longest
        right = right and (empty or bool(str(value).strip()))
        must(right, name, value, f"one line of up to {longest} characters")
        return str(value)

    return check


def identifier(name: str, value: object) -> str:
    """What a model can be called."""
    text = line(64)(name, value)
    must(is_name(text) and text == text.strip(), name, value, "a name without signs of a path")
    return text


def yes_or_no(name: str, value: object) -> bool:
    """A truth value."""
    must(isinstance(value, bool), name, value, "true or false")
    return bool(value)


def rate(name: str, value: object) -> Fraction:
    """A number, or a text such as "24" or "30000/1001"; computed only once it is known to be short."""
    right = isinstance(value, str) and re.fullmatch(RATE, value)
    right = right or (type(value) in (int, float) and 0 < value <= FASTEST)  # pyright: ignore
    found = Fraction(value) if right else Fraction(0)  # pyright: ignore
    must(SLOWEST <= found <= FASTEST, name, value, f"a rate up to {FASTEST} per second")
    return found


def shares(name: str, value: object) -> tuple[float, ...]:
    """One to eight numbers from 0 to 1."""
    right = isinstance(value, list) and 1 <= len(value) <= 8
    must(right, name, value, "a list of one to eight shares")
    assert isinstance(value, list)
    return tuple(real(0, 1)(name, share) for share in value)


def must(right: bool, name: str, value: object, wanted: str) -> None:
    """ValueError that says what a field is and what it must be."""
    if not right:
        is_huge = isinstance(value, int) and abs(value) >= 10**20
        found = "huge" if is_huge else shown(repr(value))
        raise ValueError(f"{shown(name)} is {found} and must be {wanted}")


def shown(text: str, longest: int = 60) -> str:
    """Text of a stranger's, in one bounded line."""
    printable = "".join(c if c.isprintable() else " " for c in text[:longest])
    return printable + "…" * (len(text) > longest)


def one_of(*allowed: str) -> Check:
    """One of these words."""

    def check(name: str, value: object) -> str:
        must(value in allowed, name, value, f"one of {', '.join(allowed)}")
        return str(value)

    return check


def each(check: Check, most: int) -> Check:
    """A list of one to `most` values, as a tuple."""

    def checked_list(name: str, value: object) -> tuple[Any, ...]:
        must(
            isinstance(value, list) and 1 <= len(value) <= most, name, value, "a list that is short"
        )
        assert isinstance(value, list)
        return tuple(check(name, item) for item in value)

    return checked_list


def numbers(name: str, value: object) -> tuple[tuple[str, float], ...]:
    """A table of a few numbers, as pairs."""
    must(isinstance(value, dict) and len(value) <= 30, name, value, "a table of numbers")
    assert isinstance(value, dict)
    return tuple(
        (line(64)(name, key), real(-1e9, 1e9)(key, number)) for key, number in value.items()
    )


def pair(check: Check) -> Check:
    """A list of two values, as a tuple."""

    def checked_pair(name: str, value: object) -> tuple[Any, Any]:
        must(isinstance(value, list) and len(value) == 2, name, value, "a pair")
        assert isinstance(value, list)
        return check(name, value[0]), check(name, value[1])

    return checked_pair


def hash_or_nothing(name: str, value: object) -> str:
    """BLAKE2b as `studio.library.hashes` writes it, or ""."""
    right = isinstance(value, str) and re.fullmatch(r"([0-9a-f]{32})?", value) is not None
    must(right, name, value, "32 hexadecimal digits")
    return str(value)


def file(name: str, value: object) -> str:
    """The place of a weight file in the model's folder."""
    right = isinstance(value, str) and re.fullmatch(FILE, value) is not None
    must(right, name, value, "the place of a .safetensors file in its folder")
    return str(value)
