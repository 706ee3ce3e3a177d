"""Claims on what is half-written: they end with the process that made them, however it ends."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR

_FOLDER_CLAIM = ".claim"
_NEW_SECONDS = 1.0
"""What is younger may be about to be claimed."""
_STALE_SECONDS = 24 * 3600.0
"""Where the disk knows no locks, age alone tells."""
_FAR = 2**62
"""The byte that is locked where locks keep others from writing (Windows): no file reaches it."""


class Claim:
    """A claim on a file, or on a folder by a file inside it, until `release` or the process's end.

    The system's lock is the claim, so nothing stale can stay behind, and none is a process id that
    another may have by now.  On a disk without locks it claims nothing.
    """

    def __init__(self, part: Path) -> None:
        self._descriptor: int | None = None
        with suppress(OSError):
            self._descriptor = os.open(_claimed(part), os.O_RDWR | os.O_CREAT, 0o666)
            _lock(self._descriptor)

    def release(self) -> None:
        """Let go; may be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_left(part: Path) -> bool:
    """Whether nobody writes `part` any more; OSError where it is gone meanwhile."""
    age = time.time() - part.lstat().st_mtime
    if age < _NEW_SECONDS or part.is_symlink():
        return False
    try:
        descriptor = os.open(_claimed(part), os.O_RDWR)
    except OSError:  # a folder of an older studio
        return age > _STALE_SECONDS
    try:
        _lock(descriptor)
    except BlockingIOError:
        return False
    except OSError:
        return age > _STALE_SECONDS
    finally:
        os.close(descriptor)
    return True


def _claimed(part: Path) -> Path:
    return part / _FOLDER_CLAIM if S_ISDIR(part.lstat().st_mode) else part


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
