"""The disk that takes use, kept within its bound: the same for the window and the terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from studio.project.lock import Lock
from studio.project.store import READERS
from studio.project.takes import DERIVED_BYTES, TakeStore


def tidy(
    takes: TakeStore,
    alone: AbstractContextManager[bool],
    limit: int = DERIVED_BYTES,
    keep: Collection[str] = (),
) -> int:
    """Remove what a crash left, and the oldest derived takes over `limit` bytes; gives bytes freed.

    Nothing is evicted unless `alone` says that nobody else reads these takes.
    """
    takes.sweep()
    if takes.size() <= limit:  # then the derived ones fit, whichever they are
        return 0
    with alone as free:
        return takes.evict(limit, keep) if free else 0


@contextmanager
def alone_in(folder: Path) -> Iterator[bool]:
    """Hold a project folder that nobody here has open; gives False while somebody else has it."""
    lock = Lock(folder / READERS)
    try:
        yield lock.writable and lock.alone()
    finally:
        lock.close()
