"""Stacks: models by role under a name that the user gave, kept in one small file of the data folder.

{"version": 2, "stacks": {"dreamy": {"model": "dream+v3_sd15_mm", "decoder": "svd"}}}

Version 1 knew no "between_model".
"""

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from studio.durable import written_whole
from studio.spec.bounds import is_name
from studio.spec.refusal import Refusal

VERSION = 2
LARGEST, MOST = 1_000_000, 1000
"""Bytes of the file, and stacks in it."""
FILLS: Mapping[str, tuple[str, ...]] = {
    "keyframes_model": ("keyframes",),
    "holes_model": ("holes", "interpolator"),
    "between_model": ("interpolator",),
    "decoder": ("codec",),
    "upscaler": ("upscaler",),
}
"""What a stack, or a flag of the terminal, may name another model for: by its name the roles of a
clip that this fills, as far as it can; a later one counts before an earlier."""
PLACES = ("model", *FILLS)
Stack = Mapping[str, str]
"""By place an id; "model" is always there."""
Can = Callable[[str], Collection[str]]
"""Gives the roles that the model with an id can take; may refuse one that is not there."""


class Stacks:
    """The stacks in `file`; none where there is no file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> dict[str, Stack]:
        """Refused where the file is damaged or of a later version: it is never written over."""
        try:
            with self._file.open("rb") as opened:
                stored = json.loads(opened.read(LARGEST))
            stacks = stored["stacks"]
            if stored["version"] not in (1, VERSION) or not all(
                _fits(n, s) for n, s in stacks.items()
            ):
                raise ValueError("something else")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refusal(
                f"The stacks in {self._file} cannot be read.", "Restore the file, or delete it."
            ) from error
        return stacks

    def put(self, name: str, stack: Stack) -> None:
        """Keep a stack, in place of one of that name."""
        if not _fits(name, stack):
            raise Refusal(f"“{name}” can be no name.", "Use a name without signs of a path.")
        stacks = {**self.all(), name: dict(stack)}
        if len(stacks) > MOST:
            raise Refusal(f"There are {MOST} stacks.", "Remove some.")
        self._write(stacks)

    def rename(self, name: str, other: str) -> None:
        """Call a stack something else, which no stack is called yet."""
        stacks = self.all()
        if other == name:
            return
        if other in stacks:
            raise Refusal(f"There is a stack “{other}” already.", "Use another name.")
        if not is_name(other):
            raise Refusal(f"“{other}” can be no name.", "Use a name without signs of a path.")
        self._write({other if key == name else key: stack for key, stack in stacks.items()})

    def remove(self, name: str) -> None:
        """Forget a stack; its models stay."""
        stacks = self.all()
        if name not in stacks:
            known = ", ".join(stacks) or "none"
            raise Refusal(f"There is no stack “{name}”.", f"There is: {known}.")
        self._write({other: stack for other, stack in stacks.items() if other != name})

    def _write(self, stacks: Mapping[str, Stack]) -> None:
        part = self._file.with_name(f".{self._file.name}.{secrets.token_hex(4)}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(self._file, part):
                part.write_text(
                    json.dumps({"version": VERSION, "stacks": stacks}, indent=1), "utf-8"
                )
        except OSError as error:
            raise Refusal(
                f"The stacks could not be written in {self._file.parent}: "
                f"{(error.strerror or 'the disk does not say why').lower()}.",
                "Make room there, or allow writing.",
            ) from error


def stack_of(model: str, parts: Mapping[str, str], can: Can) -> Stack:
    """A stack of a clip's model and those that take single roles from it, by role."""
    firsts = {roles[0]: place for place, roles in FILLS.items() if place != "between_model"}
    stack = {"model": model} | {firsts[role]: id for role, id in parts.items() if role in firsts}
    if parts_of(stack, can).get("interpolator", model) != parts.get("interpolator", model):
        stack["between_model"] = parts.get("interpolator", model)
    return stack


def parts_of(stack: Stack, can: Can) -> dict[str, str]:
    """By role of a clip, the ids of the models that take it from the stack's own.  Refused where one
    can take none of its roles."""
    found: dict[str, str] = {}
    for place, roles in FILLS.items():
        if place not in stack:
            continue
        filled = [role for role in roles if role in can(stack[place])]
        if not filled:
            raise Refusal(
                f"{stack[place]} takes no role as {place.replace('_', ' ')}.", "Choose another."
            )
        found |= dict.fromkeys(filled, stack[place])
    return {role: id for role, id in found.items() if id != stack["model"]}


def _fits(name: object, stack: object) -> bool:
    return (
        isinstance(name, str)
        and is_name(name)
        and isinstance(stack, dict)
        and "model" in stack
        and all(
            role in PLACES and isinstance(id, str) and is_name(id) for role, id in stack.items()
        )
    )
