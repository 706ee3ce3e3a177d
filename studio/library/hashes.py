"""Hashes of weight files, kept by what the system says of a file: a job asks without reading it.

A file is taken for what it was while its size, its times and its inode are the same (as git's index
does).  One that changed within the last moments before it was hashed is not kept: it could be
written once more within the resolution of its times ("racily clean").  Nothing depends on
what is kept: a file of hashes that is damaged, missing or not writable costs time alone.
"""

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from studio.library.cache_file import read_cache, write_cache

VERSION = 1
RESOLUTION = 2_000_000_000
"""Nanoseconds that a file must have stood still before it was hashed; FAT counts in 2 s."""
MAX_FILES, MAX_BYTES = 10_000, 16_000_000
"""Files that are remembered, and bytes of the file that is read back."""

Digest = Callable[[BufferedReader], str]
"""An open file, at its beginning → 32 hex digits of what it holds."""
Stamp = tuple[int, int, int, int]
"""Size, time of the last write and of the last change in ns, inode."""


class Hashes:
    """A memory of hashes, shared by all threads, and once told where by other processes too."""

    def __init__(self, file: Path | None = None, now: Callable[[], int] = time.time_ns) -> None:
        self._file, self._now = file, now
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._looked: Stamp | None = None
        self._lock = threading.Lock()

    def now(self) -> int:
        """Nanoseconds, as files are stamped with."""
        return self._now()

    def keep_in(self, file: Path | None) -> None:
        """Keep what is known in `file` too, whose folder is never made for it."""
        with self._lock:
            self._file, self._looked = file, None

    def of(self, path: Path, digest: Digest | None = None) -> str:
        """BLAKE2b (32 hex digits) of a file's bytes, or of what `digest` reads of it, by its name;
        OSError where it cannot be read."""
        name, stamp = _name(path, digest), stamp_of(path.stat())
        if found := self._found(name, stamp):
            return found
        started = self._now()
        with path.open("rb") as file:
            before = stamp_of(os.fstat(file.fileno()))
            found = (digest or _of_bytes)(file)
            after = stamp_of(os.fstat(file.fileno()))
        if before == after and settled(after, started):
            self._remember(name, after, found)
        return found

    def known(self, path: Path, digest: Digest | None = None) -> str:
        """`of`, where that takes no reading; else ""."""
        try:
            return self._found(_name(path, digest), stamp_of(path.stat()))
        except OSError:
            return ""

    def _found(self, name: str, stamp: Stamp) -> str:
        with self._lock:
            if self._known.get(name, (None, ""))[0] != stamp:
                self._look()  # another process may have hashed it
            known, found = self._known.get(name, (None, ""))
        return found if known == stamp else ""

    def _look(self) -> None:
        """Take in what other processes kept since the last look."""
        try:
            there = stamp_of(self._file.stat()) if self._file else None
        except OSError:
            there = None
        if there is not None and there != self._looked:
            self._known |= _read(self._file)
            self._looked = there

    def _remember(self, name: str, stamp: Stamp, found: str) -> None:
        with self._lock:
            known = _read(self._file) | self._known
            known.pop(name, None)  # what was seen last stands last, and stays longest
            known[name] = (stamp, found)
            self._known = dict(list(known.items())[-MAX_FILES:])
            _write(self._file, self._known)


def _name(path: Path, digest: Digest | None) -> str:
    name = str(path.absolute())
    return f"{name}\0{digest.__name__}" if digest else name


def _of_bytes(file: BufferedReader) -> str:
    return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def settled(stamp: Stamp, started: int) -> bool:
    """Whether a file had stood still when its hashing `started`, so that a later write shows.

    Windows calls the birth of a file its change; and some of its disks have no inodes, where a
    file put in another's place with its size and times could not be told from it.
    """
    _, written, changed, inode = stamp
    last = written if os.name == "nt" else changed
    return inode != 0 and last < started - RESOLUTION


def stamp_of(stat: os.stat_result) -> Stamp:
    """What changes when a file does."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _read(file: Path | None) -> dict[str, tuple[Stamp, str]]:
    """What a file of hashes holds; nothing where it is not whole, since it vouches for itself."""
    stored = read_cache(file, VERSION, MAX_BYTES)
    try:
        if stored["check"] != _check(stored["files"]):
            return {}
        return {name: (tuple(stamp), found) for name, (stamp, found) in stored["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _write(file: Path | None, known: dict[str, tuple[Stamp, str]]) -> None:
    """What cannot be written is hashed again another time."""
    write_cache(file, VERSION, {"check": _check(known), "files": known})


def _check(files: object) -> str:
    text = json.dumps(files, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


KNOWN = Hashes()
"""This process's; whoever starts it says where they are kept beyond it."""
