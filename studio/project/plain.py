"""Frozen data to plain JSON data and back; what this version does not know is kept."""

import dataclasses
import json
import math
import types
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, partial
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from studio.spec.numbers import exact

T = TypeVar("T")
Plain = Any
UNKNOWN = "unknown"
LARGEST = 64 * 2**20
"""Bytes that are read as JSON."""
DEEPEST = 60
"""Levels of brackets; what the studio writes has some ten."""


def parsed(data: bytes | str) -> Plain:
    """Plain data from JSON text.  ValueError for what is no JSON, is too deep or too large, or
    holds numbers that are none (NaN, infinity) and could not be written again.
    """
    if len(data) > LARGEST:
        raise ValueError(f"{len(data)} bytes")
    try:
        plain = json.loads(data, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("too deep") from error
    level, depth = [plain], 0
    while level:
        depth += 1
        inside = [v.values() if isinstance(v, dict) else v for v in level if _is_open(v)]
        level = [item for items in inside for item in items if _is_open(item)]
        if depth > DEEPEST:
            raise ValueError("too deep")
    return plain


def _is_open(value: Plain) -> bool:
    return isinstance(value, dict | list)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits[:40])


def to_plain(value: object) -> Plain:
    """Dicts, lists, strings and numbers.  A Fraction becomes "24" or "30000/1001"."""
    names = _names(type(value))
    if names is not None:
        known = {name: to_plain(getattr(value, name)) for name in names}
        return _merged(known, getattr(value, UNKNOWN, {}))
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[T], data: Plain) -> T:
    """A `kind` from plain data.  Missing fields take their defaults.

    Fields it does not know go to the nearest field called `unknown`, from where `to_plain` puts
    them back in their places, so that an older program loses nothing of a newer one's.

    Raises ValueError where the data does not fit, or a noun's own `unfit` names a field: what
    parses need not hold together.
    """
    return _read(kind, data)[0]


Read = tuple[Any, Mapping[str, Plain]]
"""A value, and the fields below it that nothing knew."""
NOTHING: Mapping[str, Plain] = types.MappingProxyType({})


def _read(kind: Any, data: Plain) -> Read:
    return _reader(kind)(data)


@cache
def _reader(kind: Any) -> Callable[[Plain], Read]:
    """How a kind is read; found out once, since thousands of one kind are read together."""
    if dataclasses.is_dataclass(kind):
        return partial(_read_fields, kind)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        within = _reader(next(a for a in get_args(kind) if a is not type(None)))
        optional = type(None) in get_args(kind)
        return lambda data: (None, NOTHING) if data is None and optional else within(data)
    if origin is tuple:
        return lambda data: (_read_tuple(get_args(kind), data), NOTHING)
    return lambda data: (_read_scalar(kind, data), NOTHING)


def _read_fields(kind: Any, data: Plain) -> Read:
    if not isinstance(data, dict):
        raise ValueError(f"{kind.__name__} is not an object")
    hints = _hints(kind)
    if aliases := getattr(kind, "ALIASES", None):
        data = _renamed(data, aliases)
    left: dict[str, Plain] = {k: v for k, v in data.items() if k not in hints or k == UNKNOWN}
    values = {}
    for name in hints.keys() & data.keys() - {UNKNOWN}:
        values[name], below = _read(hints[name], data[name])
        if below:
            left[name] = below
    if UNKNOWN in hints:
        values[UNKNOWN], left = left, {}
    try:
        noun = kind(**values)
    except TypeError as error:  # a field without a default is missing
        raise ValueError(f"{kind.__name__} is incomplete: {error}") from error
    if hasattr(noun, "unfit") and (field := next(noun.unfit(), None)):
        raise ValueError(f"the {field} of a {kind.__name__} does not fit")
    return noun, left


def _renamed(data: Mapping[str, Plain], aliases: Mapping[str, str]) -> Mapping[str, Plain]:
    """Fields under the names that they have now."""
    older = {new: data[old] for old, new in aliases.items() if old in data and new not in data}
    return {name: value for name, value in data.items() if name not in aliases} | older


def _read_tuple(kinds: tuple[Any, ...], data: Plain) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise ValueError("a list is missing")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], item)[0] for item in data)
    if len(kinds) != len(data):
        raise ValueError(f"{len(data)} items instead of {len(kinds)}")
    return tuple(_read(kind, item)[0] for kind, item in zip(kinds, data, strict=True))


def _read_scalar(kind: Any, data: Plain) -> Any:
    if kind is Fraction and isinstance(data, str):
        return exact(data)
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if kind in (str, int, bool) and type(data) is kind:
        return data
    raise ValueError(f"{str(data)[:40]!r} is not a {getattr(kind, '__name__', kind)}")


def _merged(known: Plain, unknown: Mapping[str, Plain]) -> Plain:
    merged = dict(known)
    for name, value in unknown.items():
        below = merged.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[name] = _merged(below, value)
        else:
            merged.setdefault(name, value)
    return merged


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    """The fields of frozen data that are written; None for anything else."""
    if not dataclasses.is_dataclass(kind):
        return None
    return tuple(f.name for f in dataclasses.fields(kind) if f.name != UNKNOWN)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(kind).items() if name != "ALIASES"}
