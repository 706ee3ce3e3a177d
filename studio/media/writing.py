"""Writes a file beside its place and moves it there only when it is whole."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from studio.durable import FULL, put_in_place, sync_file
from studio.media.claims import Claim, is_left
from studio.media.places import is_folder
from studio.spec.refusal import Refusal

_ASIDE = re.compile(r"\..*\.[0-9a-f]{12}\.part", re.DOTALL)


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """Give a new empty file in `path`'s folder; when the block ends well it becomes `path`.

    The content is flushed to the disk first and the folder afterwards, so that a power cut leaves
    the old file or the new one.  On any exception, Ctrl+C and `Cancelled` included, the file aside
    is removed and `path` stays as it was.

    Raises `Refusal` when the folder is missing or read-only, `path` is a folder, or the disk is
    full.
    """
    part = _create_aside(path)
    claim = Claim(part)
    try:
        with full_disk_refused(path):
            yield part
            sync_file(part)
        if os.name == "nt":  # which moves no open file
            claim.release()
        _replace(part, path)
    except BaseException:
        claim.release()
        part.unlink(missing_ok=True)
        raise
    finally:
        claim.release()


@contextmanager
def scratch_beside(path: Path) -> Iterator[Path]:
    """Give an empty hidden folder next to `path` for intermediate files; it is always removed.

    It lies there, and not in the system's temporary folder, because the user chose that disk for
    its space and because files can be moved from it to `path` in one step.
    """
    scratch = _aside_name(path)
    with _refused_as(f"Nothing can be written to the folder {path.parent}."):
        scratch.mkdir()
    claim = Claim(scratch)
    _sweep(path.parent)
    try:
        with full_disk_refused(path):
            yield scratch
    finally:
        claim.release()
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def full_disk_refused(path: Path) -> Iterator[None]:
    """Turn the system's "no space left" while writing `path` into a `Refusal`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise disk_full(path) from error
        raise


def disk_full(path: Path) -> Refusal:
    """The refusal for a disk without room for `path`."""
    return Refusal(
        f"The disk that holds {path.parent} has no room for {path.name}.",
        "Free some space or choose a folder on another disk.",
    )


def _aside_name(path: Path) -> Path:
    stem = path.name.encode("utf-8", "surrogateescape")[:180].decode("utf-8", "ignore")
    return path.with_name(f".{stem}.{secrets.token_hex(6)}.part")


def _sweep(folder: Path) -> None:
    """Remove what exports left in `folder` whose process is dead; another may be writing now."""
    with suppress(OSError):
        for part in [path for path in folder.iterdir() if _ASIDE.fullmatch(path.name)]:
            with suppress(OSError):
                if not is_left(part):
                    continue
                if part.is_dir():
                    shutil.rmtree(part, ignore_errors=True)
                else:
                    part.unlink(missing_ok=True)


def _create_aside(path: Path) -> Path:
    if is_folder(path):
        raise Refusal(f"{path} is a folder, not a file.", "Choose a file name inside it.")
    part = _aside_name(path)
    with _refused_as(f"Nothing can be written to the folder {path.parent}."):
        # O_EXCL without tempfile's 0600 mode: an export gets the permissions the user's umask says
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    _sweep(path.parent)
    return part


def _replace(part: Path, path: Path) -> None:
    with _refused_as(f"{path} could not be replaced."):
        put_in_place(part, path)


@contextmanager
def _refused_as(what: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Refusal(what, "The folder does not exist; make it or choose another.") from error
    except PermissionError as error:
        raise Refusal(
            what, "It is read-only or open in another program; choose another place."
        ) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Refusal(what, f"The system says: {reason}. Choose another place.") from error
