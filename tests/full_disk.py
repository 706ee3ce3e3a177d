"""A disk that is full from its n-th write on: real code on both sides of the system's refusal."""

import builtins
import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

WRITING = set("wxa+")


class Disk:
    """Counts what is written to files, flushed or made; with the `room` used up, all is refused."""

    def __init__(self, room: int | None) -> None:
        self.room, self.used = room, 0

    def take(self, *_: object) -> None:
        self.used += 1
        if self.room is not None and self.used > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def full_after(room: int | None) -> Iterator[Disk]:
    """Meanwhile Python's files, `fsync` and `mkdir` find room `room` times, None for always."""
    disk, real = Disk(room), {"open": io.open, "fsync": os.fsync, "mkdir": os.mkdir}

    def opened(file, mode="r", *rest, **named):
        found = real["open"](file, mode, *rest, **named)
        if WRITING & set(mode):
            write = found.write
            found.write = lambda data: (disk.take(), write(data))[1]
        return found

    def counted(name):
        return lambda *args, **named: (disk.take(), real[name](*args, **named))[1]

    io.open = builtins.open = opened
    os.fsync, os.mkdir = counted("fsync"), counted("mkdir")
    try:
        yield disk
    finally:
        io.open = builtins.open = real["open"]
        os.fsync, os.mkdir = real["fsync"], real["mkdir"]
