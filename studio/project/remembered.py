"""What the studio remembers of how it is used: which projects were open, how much disk frames may take.

{"version": 1, "recent": ["/home/me/films/summer"], "derived_bytes": 21474836480}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.project.files import read_whole, write_whole
from studio.project.takes import DERIVED_BYTES
from studio.spec.refusal import Refusal

VERSION = 1
LARGEST = 1_000_000
"""Bytes of the file."""
MOST = 12
"""Projects that are remembered."""
LEAST_BYTES, MOST_BYTES = 2**28, 2**50
"""Of derived files: a quarter of a gigabyte, for less holds no clip of high quality."""


class Remembered:
    """Reads and writes `file`.  Nothing in it is made by hand: one that is damaged begins anew."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def recent(self) -> tuple[Path, ...]:
        """Folders of projects that were open and are still there, the last one first."""
        stored = self._read().get("recent")
        paths = [Path(p) for p in stored if isinstance(p, str)] if isinstance(stored, list) else []
        return tuple(path for path in paths if path.is_absolute() and is_project(path))

    def opened(self, project: Path) -> None:
        """Remember a project as the last one that was open."""
        others = [path for path in self.recent() if path != project]
        self._write(recent=[str(path) for path in (project, *others)][:MOST])

    def forget(self, projects: Sequence[Path]) -> None:
        """Let go of projects; their folders stay."""
        self._write(recent=[str(path) for path in self.recent() if path not in projects])

    def derived_bytes(self) -> int:
        """How much of the disk frames that can be made again may take, in each project."""
        stored = self._read().get("derived_bytes")
        if isinstance(stored, int) and LEAST_BYTES <= stored <= MOST_BYTES:
            return stored
        return DERIVED_BYTES

    def set_derived_bytes(self, limit: int) -> None:
        """Refused for less than any clip needs."""
        if not LEAST_BYTES <= limit <= MOST_BYTES:
            raise Refusal(
                "Frames cannot be kept within that.", "Use 0.25 GB or more, up to 1 000 000 GB."
            )
        self._write(derived_bytes=limit)

    def _read(self) -> dict[str, Any]:
        with suppress(OSError, ValueError, RecursionError):
            stored = json.loads(read_whole(self._file, LARGEST))
            if isinstance(stored, dict) and stored.get("version") == VERSION:
                return stored
        return {}

    def _write(self, **changed: object) -> None:
        stored = {**self._read(), **changed, "version": VERSION}
        write_whole(self._file, json.dumps(stored, indent=1).encode())


def is_project(folder: Path) -> bool:
    """Whether a project lies in a folder; False where nobody may look."""
    with suppress(OSError):
        return (folder / "project.json").is_file()
    return False
