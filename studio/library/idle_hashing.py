"""Hashing of a library's files ahead of their first use, while nothing else is to be done: one file
after the other, those first that the shot is most likely to ask for.

Read so are files on disks of this computer that give 20 MiB a second or more.  Left alone are those of
a network (`studio.library.far_disks`), and what else lies on a disk that turns out slower, until the
library is gone through again: whoever uses such a file waits for its hash then, and for that alone.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from studio.library.derived.derive import derive
from studio.library.far_disks import is_far
from studio.library.model_names import name_of
from studio.library.overview import OURS
from studio.library.scan import Entry, pieces
from studio.library.tensor_hash import known_hash, tensor_hash
from studio.spec.progress import Progress
from studio.spec.refusal import Refusal

SLOWEST = 20.0
"""MiB a second that a disk must give."""
WATCHED = 1.0
"""Seconds of reading after which a disk is judged."""
MOST_REST = 0.25
"""Seconds between two portions at most."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a shot is made of: the ids of its models, also of those that are not known yet, and the
    networks that LoRAs and modules must fit."""

    ids: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()

    def rank(self, entry: Entry) -> tuple[int, int]:
        """Where an entry stands: named, fitting, other; the smaller ones first."""
        found = entry.found
        if name_of(entry.path) in self.ids:
            return 0, entry.size
        fits = found and not self.networks.isdisjoint((found.family, *found.fits))
        return 1 if fits else 2, entry.size


class TooSlow(Exception):
    """A disk that is left alone."""


Pending = list[tuple[Entry, Path]]
"""Files whose hashes are not known, with the entries that they belong to."""


@dataclass
class Ahead:
    """Hashes files with rests between portions as long as the reading took; `rest` waits so many
    seconds and raises `Cancelled` where it is to stop.  Files that cannot be hashed are tried once."""

    rest: Callable[[float], None]
    _left: dict[int, bool] = field(default_factory=dict)
    _tried: set[Path] = field(default_factory=set)

    def pending(self, entries: Iterable[Entry]) -> Pending:
        """What there is to do; disks that were slow are tried again, who knows what kept them."""
        self._left.clear()
        found = ((entry, file) for entry in entries for file in files_of(entry))
        return [
            (entry, file)
            for entry, file in found
            if file not in self._tried and not known_hash(file) and not self._is_left(file)
        ]

    def hash(self, file: Path) -> bool:
        """Whether a file is hashed now."""
        if self._is_left(file):
            return False
        try:
            tensor_hash(file, _Watched(self.rest).portion)
            return True
        except TooSlow:
            with suppress(OSError):
                self._left[file.stat().st_dev] = True
        except (Refusal, OSError):
            self._tried.add(file)
        return False

    def _is_left(self, file: Path) -> bool:
        """Whether it lies on a disk that is left alone."""
        try:
            disk = file.stat().st_dev
        except OSError:
            return True
        if disk not in self._left:
            self._left[disk] = is_far(file)
        return self._left[disk]


def first_of(pending: Pending, wanted: Wanted) -> tuple[Entry, Path]:
    """What is hashed next."""
    return min(pending, key=lambda one: wanted.rank(one[0]))


def files_of(entry: Entry) -> Iterator[Path]:
    """The weight files whose tensors are hashed where an entry is used; none of one that has a card,
    whose files count by all of their bytes and are hashed by the first look."""
    if entry.found is None or entry.found.spelling == OURS:
        return
    if not entry.path.is_dir():
        yield from pieces(entry.path)
        return
    try:
        model = derive(name_of(entry.path), [entry])
    except Refusal:
        return
    yield from dict.fromkeys(model.folder / file for _, file in model.card.files)


def is_hashed(entry: Entry) -> bool:
    """Whether all files of an entry were hashed since they were last written."""
    if entry.found and entry.found.spelling == OURS:
        return True
    files = list(files_of(entry))
    return bool(files) and all(map(known_hash, files))


class _Watched:
    """Times the reading between the rests; the first portion may have waited for the disk to wake."""

    def __init__(self, rest: Callable[[float], None]) -> None:
        self._rest, self._since = rest, time.monotonic()
        self._first: int | None = None
        self._reading = 0.0

    def portion(self, progress: Progress) -> None:
        """A tick of `tensor_hash`; raises `TooSlow`."""
        took = time.monotonic() - self._since
        if self._first is None:
            self._first = progress.step
        else:
            self._reading += took
            if self._reading > WATCHED and progress.step - self._first < SLOWEST * self._reading:
                raise TooSlow
        self._rest(min(took, MOST_REST))
        self._since = time.monotonic()
