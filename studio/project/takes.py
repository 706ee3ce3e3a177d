"""Takes on disk: each the result of one span, written once and never changed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.durable import retry_while_locked
from studio.project import dropped, take_files
from studio.project.files import StagingDir, is_real, remove_tree, sweep, to_refusal
from studio.project.take_record import RECORD, Damaged, Newer, read_record
from studio.spec.memo import Memo
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    from studio.project.take_files import LoadFrames, SaveFrames
    from studio.spec.memo import Arrays

ABSENT = (Damaged, Newer, OSError)
DERIVED_BYTES = 20 * 2**30
"""The bound of what can be made again, in each project: some hundred clips of high quality."""
KEY = re.compile(r"[0-9a-f]{8,64}")


class Kind(StrEnum):
    """What may become of a take: only the user removes costly ones, derived ones are evicted."""

    KEPT = "costly"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes on disk: latents (costly), frames (derived), and takes found damaged."""

    costly: int
    derived: int
    damaged: int


class TakeStore:
    """Keeps arrays by span key in `folder`/ab/<key>/; a `studio.spec.memo.Memo`.

    Floating arrays (latents) go to safetensors, uint8 (T, H, W, 3) frames through `save_frames`
    and `load_frames`, which must be lossless; `suffix` is the ending of their files.  Threads and
    processes may put and get at once.  Made by hand is nothing in here.
    """

    def __init__(
        self, folder: Path, save_frames: SaveFrames, load_frames: LoadFrames, suffix: str = ".mkv"
    ) -> None:
        self._folder = folder
        self._save_frames, self._load_frames, self._suffix = save_frames, load_frames, suffix

    def has(self, key: str) -> bool:
        """Whether `key` is there, by its record and the sizes of its files; reads no array.

        One whose bytes changed all the same is found by `get`, and is there no longer after it.
        """
        with suppress(*ABSENT):
            return take_files.complete(self._path(key))
        return False

    def get(self, key: str) -> Arrays | None:
        """The arrays of `key` exactly as put, or None.

        A take that is not as it was put, by whatever damage, is set aside under `damaged/` and
        counts as absent.  Refused where the disk does not let it be read.
        """
        path = self._path(key)
        try:
            return take_files.read(path, self._load_frames)
        except (FileNotFoundError, IsADirectoryError, Damaged):
            if os.path.lexists(path):  # otherwise it was never made, or evicted just now
                self._set_aside(path)
        except Newer:
            pass
        except OSError as error:
            reason = error.strerror or error
            raise Refusal(
                f"A take cannot be read: {reason}.", f"Check the disk and the folder {path}."
            ) from error
        return None

    def set_damaged_aside(self, keys: Iterable[str]) -> None:
        """Set aside those of `keys` whose bytes are not as written; hashes files, decodes nothing."""
        for path in map(self._path, keys):
            with suppress(Newer, OSError):
                try:
                    take_files.check(path)
                except Damaged:
                    self._set_aside(path)

    def put(self, key: str, arrays: Arrays, facts: Mapping[str, object] | None = None) -> None:
        """Keep `arrays` under `key`; a key that is there stays as it is.

        `facts` (device, precision, seconds, peak memory ...) go to the record, which decides
        nothing.  Refused when the disk is full or read-only; then nothing is left behind.
        """
        path = self._path(key)
        if self.has(key):
            return
        try:
            with StagingDir(self._folder) as staging:
                record = {"key": key, "kind": kind_of(arrays), "facts": dict(facts or {})}
                take_files.write(staging.path, arrays, record, self._save_frames, self._suffix)
                self._settle(staging, path)
        except OSError as error:
            raise to_refusal(error, path) from error

    def recording(self, facts: Callable[[str], Mapping[str, object]]) -> Memo:
        """This store as a memo whose `put` asks `facts(key)` and notes the seconds since the last.

        What `facts` says of "seconds" goes before what is measured here.
        """
        return _Noting(self, facts)

    def record(self, key: str) -> Mapping[str, Any] | None:
        """What is known of how `key` was made, or None."""
        with suppress(*ABSENT):
            return read_record(self._path(key))
        return None

    def keys(self) -> tuple[str, ...]:
        """Every key that has a folder, sorted."""
        return tuple(sorted(path.name for path in self._takes()))

    def remove(self, keys: Collection[str]) -> int:
        """Remove these takes at the user's word; gives the bytes freed."""
        return sum(self._remove(self._path(key)) for key in keys)

    def forget_damaged(self) -> None:
        """Remove what was set aside as damaged, at the user's word."""
        if is_real(self._folder):
            remove_tree(self._folder / "damaged")

    def usage(self) -> Usage:
        """Bytes on disk by class."""
        sizes = dict.fromkeys(Kind, 0)
        for path in self._takes():
            sizes[self._kind(path)] += _size(path)
        return Usage(sizes[Kind.KEPT], sizes[Kind.DERIVED], _size(self._folder / "damaged"))

    def size(self) -> int:
        """Bytes on disk of all takes, by the sizes of their files alone."""
        return sum(map(_size, self._takes()))

    def evict(self, limit_bytes: int, keep: Collection[str] = ()) -> int:
        """Remove derived takes, oldest first, until they fit `limit_bytes`; gives bytes freed.

        Takes in `keep` stay.  Call it inside `ProjectStore.alone()`, so that nobody is reading.
        """
        derived = [path for path in self._takes() if self._kind(path) is Kind.DERIVED]
        derived.sort(key=lambda path: (_made(path), path.name))
        sizes = {path: _size(path) for path in derived}
        over, freed = sum(sizes.values()) - limit_bytes, 0
        for path in derived:
            if freed >= over:
                break
            if path.name not in keep:
                seconds = (self.record(path.name) or {}).get("facts", {}).get("seconds")
                with suppress(Refusal):  # Windows keeps what somebody reads: it goes next time
                    freed += self._remove(path)
                    dropped.note(self._folder, path.name, seconds)
        return freed

    def seconds_to_bring_back(self, keys: Iterable[str]) -> float | None:
        """How long those of `keys` that were evicted took to make; None where none was."""
        return dropped.seconds(self._folder, [key for key in keys if not self.has(key)])

    def sweep(self) -> None:
        """Remove what a crash left half-written, by its age: another may be writing right now."""
        sweep(self._folder)

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key")
        return self._folder / key[:2] / key

    def _takes(self) -> Iterable[Path]:
        for path in sorted(self._folder.glob("[0-9a-f][0-9a-f]/*")):
            if KEY.fullmatch(path.name) and self._is_ours(path):
                yield path

    def _is_ours(self, path: Path) -> bool:
        """Whether a take lies in here: behind a link it may be anybody's."""
        return all(map(is_real, (self._folder, path.parent, path)))

    def _kind(self, path: Path) -> Kind:
        # What cannot be read may be costly: only what says that it is derived may be evicted.
        with suppress(*ABSENT):
            if read_record(path).get("kind") == Kind.DERIVED:
                return Kind.DERIVED
        return Kind.KEPT

    def _settle(self, staging: StagingDir, path: Path) -> None:
        try:
            staging.commit(path)
        except OSError:
            if self.has(path.name):  # another process was quicker with the same take
                return
            if not os.path.lexists(path):
                raise
            self._set_aside(path)
            staging.commit(path)

    def _set_aside(self, path: Path) -> None:
        if not is_real(self._folder) or not is_real(path.parent):
            return
        damaged = self._folder / "damaged"
        with suppress(OSError):  # read-only, or another reader did it: it counts as absent anyway
            damaged.mkdir(exist_ok=True)
            taken = {p.name for p in damaged.iterdir()}
            names = (f"{path.name}-{n}" for n in range(1, 10**6))
            target = damaged / next(name for name in names if name not in taken)
            retry_while_locked(lambda: path.rename(target))

    def _remove(self, path: Path) -> int:
        if not self._is_ours(path):
            return 0
        size = _size(path)
        try:
            with StagingDir(self._folder) as staging:
                retry_while_locked(lambda: path.rename(staging.path / path.name))
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise to_refusal(error, path) from error
        return size


class _Noting:
    def __init__(self, store: TakeStore, facts: Callable[[str], Mapping[str, object]]) -> None:
        self._store, self._facts, self._since = store, facts, time.monotonic()

    def has(self, key: str) -> bool:
        return self._store.has(key)

    def get(self, key: str) -> Arrays | None:
        arrays = self._store.get(key)
        self._since = time.monotonic()
        return arrays

    def put(self, key: str, arrays: Arrays) -> None:
        seconds = round(time.monotonic() - self._since, 3)
        self._store.put(key, arrays, {"seconds": seconds, **self._facts(key)})
        self._since = time.monotonic()


def kind_of(arrays: Arrays) -> Kind:
    """Frames (uint8) alone can be decoded again; anything with latents in it is costly."""
    frames = bool(arrays) and all(array.dtype.str == "|u1" for array in arrays.values())
    return Kind.DERIVED if frames else Kind.KEPT


def _size(path: Path) -> int:
    total = 0
    with suppress(FileNotFoundError):
        for file in path.rglob("*"):
            with suppress(FileNotFoundError):  # evicted while being counted
                total += file.stat().st_size if file.is_file() else 0
    return total


def _made(path: Path) -> float:
    with suppress(OSError):
        return (path / RECORD).stat().st_mtime
    return 0.0
