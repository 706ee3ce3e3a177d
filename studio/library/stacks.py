"""Stacks: models by role under a name that the user gave, kept in one small file of the data folder.

{"version": 1, "stacks": {"dreamy": {"model": "dream+v3_sd15_mm", "decoder": "svd"}}}
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from studio.durable import written_whole
from studio.spec.bounds import is_name
from studio.spec.refusal import Refusal

VERSION = 1
LARGEST, MOST = 1_000_000, 1000
"""Bytes of the file, and stacks in it."""
ROLES = ("model", "keyframes_model", "holes_model", "decoder", "upscaler")
"""What a stack may name a model for: the clip, and single roles of it by another."""
Stack = Mapping[str, str]
"""By role an id; "model" is always there."""


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
            if stored["version"] != VERSION or not all(_fits(n, s) for n, s in stacks.items()):
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


def _fits(name: object, stack: object) -> bool:
    return (
        isinstance(name, str)
        and is_name(name)
        and isinstance(stack, dict)
        and "model" in stack
        and all(role in ROLES and isinstance(id, str) and is_name(id) for role, id in stack.items())
    )
