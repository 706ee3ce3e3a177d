"""What scans have read of weight files, kept between them; it may be removed at any time."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from os import stat_result
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.library.cache_file import read_cache, write_cache
from studio.library.recognition.found import Found

if TYPE_CHECKING:
    from studio.library.scan import Entry

VERSION = 3
"""Rises with every change of what is recognised: older indexes are read anew."""
LARGEST = 64_000_000
"""Bytes that are read back."""
Stamp = tuple[int, int, int]
"""Size, time of the last write in ns, inode."""


def stamp_of(stat: stat_result) -> Stamp:
    """What changes when a file does."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


class Index:
    """Entries by path, valid as long as the file's stamp is the same."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known = _read(file)
        self._is_stored = bool(self._known)

    def get(self, path: Path, stamp: Stamp) -> dict[str, Any] | None:
        """An entry's fields but its path, where the file is the one that was read."""
        known = self._known.get(str(path.absolute()))
        if known is None or tuple(known["stamp"]) != stamp:
            return None
        return _fields(known)

    def entries(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Every file that is known, with an entry's fields but its path, whatever lies there now."""
        for name, known in self._known.items():
            if (fields := _fields(known)) is not None:
                yield Path(name), fields

    def put(self, path: Path, stamp: Stamp, entry: "Entry") -> None:
        fields = asdict(entry)
        del fields["path"]
        self._is_stored = False
        self._known[str(path.absolute())] = {"stamp": list(stamp), "entry": fields}

    def keep(self, paths: Iterable[Path]) -> None:
        """Write down what is known of these files, besides those of other folders that are there."""
        there = {str(path.absolute()) for path in paths}
        gone = [n for n in self._known if n not in there and not Path(n).exists()]
        for name in gone:
            del self._known[name]
        if gone or not self._is_stored:
            write_cache(self._file, VERSION, {"files": self._known})
            self._is_stored = True


def _fields(known: dict[str, Any]) -> dict[str, Any] | None:
    try:
        fields = dict(known["entry"])
        found = fields.pop("found")
        if found is not None:
            found = Found(**{**found, "fits": tuple(found["fits"])})
        return {**fields, "found": found}
    except (TypeError, KeyError, ValueError):
        return None


def _read(file: Path | None) -> dict[str, dict[str, Any]]:
    files = read_cache(file, VERSION, LARGEST).get("files")
    if not isinstance(files, dict):
        return {}
    return {
        n: k for n, k in files.items() if isinstance(k, dict) and {"stamp", "entry"} <= k.keys()
    }
