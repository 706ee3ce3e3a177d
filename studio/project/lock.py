"""Locks between processes: shared by readers, exclusive for one; the system frees a dead one's."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

from studio.project.files import to_refusal

_SLOTS = 64
"""How many may share a lock where the system knows exclusive byte ranges only (Windows)."""


class Lock:
    """A lock on a file.  It belongs to this object, not to the process: two objects compete.

    What lies in the file means nothing, so a crash leaves nothing stale behind: the operating
    system drops the lock with the process.  A disk that knows no locks behaves as if alone.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`, made when missing.  A folder that cannot be written has no lock to take."""
        self._file: BinaryIO | None = None
        self.writable = True
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(path, "ab+", buffering=0, opener=_opened)  # noqa: SIM115
        except PermissionError:
            self.writable = False
        except OSError as error:
            if error.errno != errno.EROFS:
                raise to_refusal(error, path) from error
            self.writable = False

    def share(self) -> bool:
        """Take the lock together with other sharers; False while another has it alone."""
        return self._file is None or _take(self._file, shared=True)

    def alone(self) -> bool:
        """Take the lock for this object only; False while any other has it.

        Whoever shared it before no longer does, whatever the answer: share it again.
        """
        return self._file is None or _take(self._file, shared=False)

    def wait_alone(self, seconds: float) -> bool:
        """`alone`, asked again for up to `seconds`."""
        until = time.monotonic() + seconds
        while not self.alone():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def free(self) -> None:
        """Let go; may be taken again."""
        if self._file is not None:
            _drop(self._file)

    def close(self) -> None:
        """Let go for good."""
        if self._file is not None:
            _drop(self._file)
            self._file.close()
            self._file = None


def _opened(path: str, flags: int) -> int:
    # a link in a project that was passed on must not make files elsewhere
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


if sys.platform == "win32":
    import msvcrt

    # A sharer locks any one byte of _SLOTS, who wants to be alone locks them all.
    def _take(file: BinaryIO, *, shared: bool) -> bool:
        _drop(file)
        slots = [(n, 1) for n in range(_SLOTS)] if shared else [(0, _SLOTS)]
        for start, length in slots:
            file.seek(start)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, length)
            except OSError:
                continue
            _held[file.fileno()] = (start, length)
            return True
        return False

    def _drop(file: BinaryIO) -> None:
        if held := _held.pop(file.fileno(), None):
            file.seek(held[0])
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, held[1])

    _held: dict[int, tuple[int, int]] = {}
else:
    import fcntl

    def _take(file: BinaryIO, *, shared: bool) -> bool:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file.fileno(), kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a network disk without locks
        return True

    def _drop(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
