"""How much memory jobs may use on the device: a setting of the user's, kept in a file."""

from __future__ import annotations

from pathlib import Path

from studio.library.cache_file import read_cache, write_cache
from studio.spec.plan.budget import LEAST, MOST, in_bytes

VERSION = 1


class Budget:
    """In gigabytes, None for what is free; `given` by the command line it is not the file's."""

    def __init__(self, file: Path | None, given: int | None = None) -> None:
        self._file, self._given = file, given
        stored = read_cache(file, VERSION, 1000).get("gigabytes")
        self.gigabytes: float | None = None
        if isinstance(stored, int | float) and LEAST <= stored <= MOST:
            self.gigabytes = float(stored)

    @property
    def bytes(self) -> int | None:
        """Bytes that jobs may use; None for what is free."""
        return in_bytes(self.gigabytes) if self._given is None else self._given

    def set(self, gigabytes: float | None) -> None:
        """Use so much from now on."""
        in_bytes(gigabytes)
        self.gigabytes, self._given = gigabytes, None
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        write_cache(self._file, VERSION, {"gigabytes": gigabytes})
