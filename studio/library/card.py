"""The card of a model, `model.toml`: what it says is checked whole before anything relies on it."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from fractions import Fraction
from pathlib import Path
from stat import S_ISREG
from typing import Any

from studio.spec import roles
from studio.spec.bounds import AT_ONCE, is_name
from studio.spec.refusal import Refusal
from studio.spec.request import MAX_GUIDANCE, MAX_STEPS, PASSES, Family, Upsampling
from studio.spec.strip import BRIDGE, CONTEXT
from studio.spec.timing import FASTEST, SLOWEST

CARD = "model.toml"
LARGEST = 10_000
"""Bytes of a card."""
RATE = r"[0-9]{1,9}(\.[0-9]{1,9}|/0*[1-9][0-9]{0,8})?"
"""A rate as text."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a model says of itself: its family, and by role the files of its weights.

    `small_vocabulary`: it knows the words of the starter's grammar only.  `settings`: the hash of
    those that its weights were released with, "" where it does not say.
    """

    family: Family
    files: tuple[tuple[str, str], ...]
    small_vocabulary: bool = False
    settings: str = ""


def read_card(folder: Path) -> Card:
    """The card in a model's folder; refused in a sentence that says what is wrong with it."""
    path = folder / CARD
    try:
        return _card(tomllib.loads(_text(path)))
    except (OSError, ValueError, RecursionError) as error:
        raise Refusal(
            f"The model card {path} cannot be read: {_why(error)}.", "Correct or restore it."
        ) from error


def _text(path: Path) -> str:
    stat = path.stat()
    if not S_ISREG(stat.st_mode):  # a pipe would be waited for
        raise ValueError("it is no file")
    if stat.st_size > LARGEST:
        raise ValueError("it is too long for a card")
    with path.open("rb") as file:
        return file.read(LARGEST).decode("utf-8")


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or "the disk does not say why").lower()
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"it is not TOML ({_shown(str(error))})"
    return str(error)


def _card(content: Mapping[str, Any]) -> Card:
    family = _family(_table(content, "family"))
    files = _files(_table(content, "weights"))
    small = content.get("small_vocabulary", False)
    _must(isinstance(small, bool), "small_vocabulary", small, "true or false")
    settings = content.get("settings", "")
    right = isinstance(settings, str) and re.fullmatch(r"([0-9a-f]{32})?", settings)
    _must(bool(right), "settings", settings, "32 hexadecimal digits")
    named = dict(files)
    needed = roles.NEEDED + (roles.NEEDED_TO_UPSAMPLE if family.upsampling else ())
    if missing := [role for role in needed if role not in named]:
        raise ValueError(f"it names no weights for {', '.join(missing)}")
    return Card(family, files, small, settings)


def _table(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = content.get(name)
    if not isinstance(table, dict):
        raise ValueError(f"it has no table [{name}]")
    return table


def _files(weights: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Each role's file is the one that the engine opens: any other would be hashed, not used."""
    if strange := roles.unknown(weights):
        raise ValueError(f"this version has no use for weights called “{_shown(strange[0])}”")
    for role, file in weights.items():
        _must(file == roles.FILES[role], role, file, f"the place {roles.FILES[role]} in its folder")
    return tuple(weights.items())


def _family(table: Mapping[str, Any]) -> Family:
    parts = _checked(table, FAMILY, Family)
    family = Family(**parts)
    multiple, least = family.size_multiple, CONTEXT + BRIDGE if family.predicts else 1
    for name in ("size", "largest"):
        side = getattr(family, name)
        _must(side % multiple == 0, name, side, f"a multiple of size_multiple, {multiple}")
    _must(family.size <= family.largest, "size", family.size, "at most the largest")
    calls = family.frames_per_call
    _must(least <= calls, "frames_per_call", calls, f"{least} or more, which predicting takes")
    _must(calls <= family.most_frames, "frames_per_call", calls, "at most most_frames")
    return family


def _upsampling(name: str, value: object) -> Upsampling:
    _must(isinstance(value, dict), name, value, "a table")
    assert isinstance(value, dict)
    made = Upsampling(**_checked(value, UPSAMPLING, Upsampling))
    _must(made.overlap < made.tile, "overlap", made.overlap, "less than the tile")
    return made


Check = Callable[[str, object], Any]


def _checked(table: Mapping[str, Any], checks: Mapping[str, Check], kind: type) -> dict[str, Any]:
    if strange := sorted(set(table) - set(checks)):
        raise ValueError(f"this version does not know “{_shown(strange[0])}”")
    needed = [f.name for f in fields(kind) if f.default is MISSING]
    if missing := [name for name in needed if name not in table]:
        raise ValueError(f"it does not say {', '.join(missing)}")
    return {name: checks[name](name, value) for name, value in table.items()}


def _whole(low: int, high: int) -> Check:
    def check(name: str, value: object) -> int:
        right = type(value) is int and low <= value <= high
        _must(right, name, value, f"a whole number from {low} to {high}")
        return value  # pyright: ignore[reportReturnType]

    return check


def _real(low: float, high: float) -> Check:
    def check(name: str, value: object) -> float:
        right = type(value) in (int, float) and low <= value <= high  # pyright: ignore
        _must(right, name, value, f"a number from {low:g} to {high:g}")
        return float(value)  # pyright: ignore[reportArgumentType]

    return check


def _words(longest: int, *, empty: bool = False) -> Check:
    def check(name: str, value: object) -> str:
        right = isinstance(value, str) and value.isprintable() and len(value) <= longest
        right = right and (empty or bool(str(value).strip()))
        _must(right, name, value, f"one line of up to {longest} characters")
        return str(value)

    return check


def _id(name: str, value: object) -> str:
    text = _words(64)(name, value)
    _must(is_name(text) and text == text.strip(), name, value, "a name without signs of a path")
    return text


def _yes_or_no(name: str, value: object) -> bool:
    _must(isinstance(value, bool), name, value, "true or false")
    return bool(value)


def _rate(name: str, value: object) -> Fraction:
    """A number, or a text such as "24" or "30000/1001"; computed only once it is known to be short."""
    right = isinstance(value, str) and re.fullmatch(RATE, value)
    right = right or (type(value) in (int, float) and 0 < value <= FASTEST)  # pyright: ignore
    rate = Fraction(value) if right else Fraction(0)  # pyright: ignore
    _must(SLOWEST <= rate <= FASTEST, name, value, f"a rate up to {FASTEST} per second")
    return rate


def _shares(name: str, value: object) -> tuple[float, ...]:
    right = isinstance(value, list) and 1 <= len(value) <= 8
    _must(right, name, value, "a list of one to eight shares")
    assert isinstance(value, list)
    return tuple(_real(0, 1)(name, share) for share in value)


def _must(right: bool, name: str, value: object, wanted: str) -> None:
    if not right:
        is_huge = isinstance(value, int) and abs(value) >= 10**20
        shown = "huge" if is_huge else _shown(repr(value))
        raise ValueError(f"{_shown(name)} is {shown} and must be {wanted}")


def _shown(text: str, longest: int = 60) -> str:
    """Text of a stranger's, in one bounded line."""
    line = "".join(c if c.isprintable() else " " for c in text[:longest])
    return line + "…" * (len(text) > longest)


FAMILY: Mapping[str, Check] = {
    "id": _id,
    "name": _words(100),
    "native_fps": _rate,
    "frames_per_call": _whole(1, AT_ONCE),
    "most_frames": _whole(1, AT_ONCE),
    "size": _whole(8, 8192),
    "size_multiple": _whole(1, 1024),
    "largest": _whole(8, 8192),
    "steps": _whole(1, MAX_STEPS),
    "guidance": _real(0, MAX_GUIDANCE),
    "notice": _words(300, empty=True),
    "passes": _whole(0, PASSES),
    "predicts": _yes_or_no,
    "context_guidance": _real(0, MAX_GUIDANCE),
    "context_noise": _real(0, 1),
    "walked": _shares,
    "upsampling": _upsampling,
}
UPSAMPLING: Mapping[str, Check] = {
    "steps": _whole(1, MAX_STEPS),
    "level": _whole(0, 999),
    "tile": _whole(4, 4096),
    "overlap": _whole(0, 4095),
    "guidance": _real(0, MAX_GUIDANCE),
}
