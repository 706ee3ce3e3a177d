"""The one way in which a file or folder appears whole: written aside in the same folder, flushed to
the disk, renamed, and the folder flushed.

Below everything: it imports nothing of ours, and raises what the system does; whoever writes says to
the user what that means.
"""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
FULL = frozenset((errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)))
"""Error numbers of a disk without room."""


@contextmanager
def written_whole(path: Path, part: Path) -> Iterator[Path]:
    """Gives `part`, beside `path`, to write to; what is there at the end takes the place of `path`.

    A reader sees the old file or the new one, after a crash too; after an error or Ctrl+C nothing of
    `part` is left.
    """
    try:
        yield part
        sync_file(part)
        put_in_place(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def put_in_place(part: Path, path: Path) -> None:
    """Rename `part` to `path`, whatever file is there, for good."""
    retry_while_locked(lambda: part.replace(path))
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Wait until the bytes of a file are on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a rename in `folder` is on the disk.  Windows has no such call and needs none."""
    if os.name == "nt":
        return
    with suppress(OSError):  # some network disks have none either: the file is in its place
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def retry_while_locked(action: Callable[[], T], tries: int = 8) -> T:
    """Do `action`, again for up to a second while Windows says that a scanner holds the file."""
    for attempt in range(tries):
        try:
            return action()
        except PermissionError:
            if os.name != "nt" or attempt == tries - 1:
                raise
            time.sleep(0.01 * 2**attempt)
    raise AssertionError("unreachable")
