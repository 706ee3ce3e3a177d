"""Files that appear whole or not at all."""

import errno
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from studio.durable import FULL, retry_while_locked, sync_file, sync_folder, written_whole
from studio.spec.refusal import Refusal

ASIDE = ".aside"
"""The folder in which whole folders are prepared, beside the place they are for."""
STALE = 24 * 3600.0
"""Seconds after which what lies half-written was left by a crash."""
_FOLDER_ASIDE = re.compile(r"[0-9a-f]{16}")
_FILE_ASIDE = re.compile(r"\..{1,40}\.[0-9a-f]{8}\.part", re.DOTALL)
_LEADS_ELSEWHERE = 0x2000_0000
"""In the reparse tag of Windows: a junction or a link, rather than a file kept in a cloud."""


def write_whole(path: Path, data: bytes, *, known_as: Path | None = None) -> None:
    """Put `data` at `path`: aside, flushed, fsynced, renamed, folder fsynced.  Refused on failure.

    A reader sees the old file or the new one, after a crash too.  The refusal names `known_as`,
    where the file is one of several behind what a user knows as one.
    """
    part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path, part), part.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise to_refusal(error, known_as or path) from error


def read_whole(path: Path, most: int) -> bytes:
    """The bytes of a file; OSError for a folder, a pipe, or one of more than `most` bytes."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "It is no file", str(path))
    if found.st_size > most:
        raise OSError(errno.EFBIG, "It is too large", str(path))
    return path.read_bytes()


def check_writable(folder: Path) -> None:
    """Make `folder` if need be, and write a byte into it; refused where that fails."""
    trial = folder / f".trial.{secrets.token_hex(4)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            trial.write_bytes(b".")
        finally:
            trial.unlink(missing_ok=True)
    except OSError as error:
        raise to_refusal(error, folder) from error


def to_refusal(error: OSError, path: Path) -> Refusal:
    """What a failed write means for the user."""
    if error.errno in FULL:
        return Refusal(
            f"The disk is full: “{path.name}” could not be written.",
            f"Make room on the disk of {path.parent} and try again; nothing was lost.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Refusal(
            f"“{path.name}” cannot be written in {path.parent}.",
            "Allow writing there or choose another folder.",
        )
    return Refusal(
        f"“{path.name}” could not be written in {path.parent}: {error.strerror or error}.",
        "Choose another folder or try again.",
    )


def is_real(folder: Path) -> bool:
    """Whether `folder` is a folder itself: no file, no link or junction that leads elsewhere."""
    with suppress(OSError, ValueError):
        found = folder.lstat()
        tag = getattr(found, "st_reparse_tag", 0)
        return stat.S_ISDIR(found.st_mode) and not tag & _LEADS_ELSEWHERE
    return False


def check_real(folder: Path) -> None:
    """Refuse a link where a folder of ours is: what is made or removed in it stays here."""
    if os.path.lexists(folder) and not is_real(folder):
        raise Refusal(
            f"{folder} is a link or a file, where a folder of the studio's belongs.",
            "Move it away and try again.",
        )


def remove_tree(folder: Path) -> None:
    """Remove a folder as far as the system lets us; what is left goes another time.

    Where `folder` or something in it is a link, nothing behind that link is touched.
    """
    shutil.rmtree(folder, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what a crash left half-written in `folder`, by its age: another may be writing now.

    Only what `StagingDir` and `write_whole` make goes, known by name and kind, and only what lies here:
    projects are passed on, and a link in one may lead to anything of the user's.
    """
    if not is_real(folder):
        return
    _remove_stale(folder / ASIDE, _FOLDER_ASIDE, stat.S_ISDIR)
    _remove_stale(folder, _FILE_ASIDE, stat.S_ISREG)


def _remove_stale(folder: Path, ours: re.Pattern[str], kind: Callable[[int], bool]) -> None:
    with suppress(OSError), _held(folder) as handle:
        names = os.listdir(folder if handle is None else handle)  # noqa: PTH208
        for name in filter(ours.fullmatch, names):
            path = folder / name if handle is None else Path(name)
            with suppress(OSError):
                found = os.stat(path, dir_fd=handle, follow_symlinks=False)
                if not kind(found.st_mode) or time.time() - found.st_mtime <= STALE:
                    continue
                if stat.S_ISDIR(found.st_mode):
                    shutil.rmtree(path, ignore_errors=True, dir_fd=handle)
                else:
                    os.unlink(path, dir_fd=handle)


@contextmanager
def _held(folder: Path) -> Iterator[int | None]:
    """A real folder held open, so that no link can take its place meanwhile; OSError for others.

    None where the system opens no folders.
    """
    if not is_real(folder):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if os.name == "nt":
        yield None
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield handle
    finally:
        os.close(handle)


class StagingDir:
    """A fresh empty folder inside `parent`, gone at the end unless it is `commit`ted.

    Refused where the place for it is a link: what is made here stays here.
    """

    def __init__(self, parent: Path) -> None:
        self.path = parent / ASIDE / secrets.token_hex(8)

    def __enter__(self) -> "StagingDir":
        place = self.path.parent
        place.mkdir(parents=True, exist_ok=True)
        check_real(place)
        self.path.mkdir()
        return self

    def commit(self, path: Path) -> None:
        """Move the folder, all its files on the disk, to `path`; OSError when that is taken."""
        for file in self.path.rglob("*"):
            if file.is_file():
                sync_file(file)
        sync_folder(self.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():  # POSIX would replace an empty folder without a word
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        retry_while_locked(lambda: self.path.rename(path))
        sync_folder(path.parent)

    def __exit__(self, *_: object) -> None:
        remove_tree(self.path)
