"""Which derived takes were dropped to keep within the bound, and how long each took to make."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

NOTES = "dropped.jsonl"
LARGEST = 8 * 2**20
"""Bytes of the notes; beyond that they begin anew, for nobody waits for what was dropped so long ago."""


def note(folder: Path, key: str, seconds: object) -> None:
    """Note that a take was dropped; where that cannot be, only a sentence is shorter."""
    file = folder / NOTES
    known = float(seconds) if isinstance(seconds, int | float) else 0.0
    with suppress(OSError):
        mode = "w" if file.exists() and file.stat().st_size > LARGEST else "a"
        with file.open(mode, encoding="ascii") as notes:
            notes.write(json.dumps([key, round(known, 3)]) + "\n")


def seconds(folder: Path, keys: Collection[str]) -> float | None:
    """How long the dropped ones of `keys` took together; None where none of them was dropped."""
    found: dict[str, float] = {}
    with suppress(OSError):
        for line in (folder / NOTES).read_text("ascii", "replace").splitlines():
            with suppress(ValueError, TypeError):
                key, took = json.loads(line)
                if key in keys:
                    found[key] = float(took)
    return sum(found.values()) if found else None
