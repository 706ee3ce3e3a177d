"""The trained versions of one subject on disk: put there, found by what they are, recovered."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from studio.durable import retry_while_locked, sync_file, sync_folder
from studio.project.files import StagingDir, to_refusal
from studio.project.subject import Subject, Version

FOLDER = "versions"
LONGEST_LABEL = 10_000_000
"""Bytes of a header that are read for a label."""
_hashes: dict[tuple[str, int, int, int], str] = {}


def keep(adapter: Path, folder: Path, *, move: bool) -> Path:
    """Put an adapter (a file or folder) under the next free number, whole or not at all.

    With `move` it is gone from where it was: nothing lies on the disk twice.
    """
    suffix = adapter.suffix if adapter.is_file() else ""
    versions = folder / FOLDER
    target = versions / f"{next_number(versions):04d}{suffix}"
    try:
        versions.mkdir(exist_ok=True)
        if move:
            retry_while_locked(lambda: adapter.rename(target))
            sync_folder(adapter.parent)
        else:
            _copy(adapter, target)
        sync_folder(versions)
    except OSError as error:
        raise to_refusal(error, target) from error
    return target


def _copy(adapter: Path, target: Path) -> None:
    with StagingDir(target.parent.parent) as staging:
        part = staging.path / target.name
        if adapter.is_dir():
            shutil.copytree(adapter, part)
        else:
            shutil.copyfile(adapter, part)
        for file in (part, *part.rglob("*")):
            if file.is_file():
                sync_file(file)
        retry_while_locked(lambda: part.rename(target))


def taken_in(folder: Path, subject: Subject, adapter: Path, *, move: bool) -> tuple[Subject, Path]:
    """`keep`, unless the very adapter lies there already; one that was damaged since goes aside."""
    identity = identity_of(adapter)
    found = find(folder, subject, identity)
    if found and identity_of(found) == identity:
        if move:
            adapter.unlink() if adapter.is_file() else shutil.rmtree(adapter)
        return subject, found
    if found:
        retry_while_locked(lambda: found.rename(found.with_name(f"{found.name}.damaged")))
    versions = tuple(v for v in subject.versions if v.identity != identity)
    return replace(subject, versions=versions), keep(adapter, folder, move=move)


def find(folder: Path, subject: Subject | None, identity: str) -> Path | None:
    """The version with that identity: as it is written down, else by the bytes of the others."""
    listed = {v.file: v.identity for v in subject.versions} if subject else {}
    for file, written in listed.items():
        if written == identity and (path := folder / FOLDER / file).exists():
            return path
    unlisted = (path for path in _paths(folder) if path.name not in listed)
    return next((path for path in unlisted if identity_of(path) == identity), None)


def unlisted(folder: Path, subject: Subject) -> tuple[Version, ...]:
    """Versions that lie in the folder although nothing is written of them, by their labels."""
    known = {version.file for version in subject.versions}
    return tuple(_labelled(path) for path in _paths(folder) if path.name not in known)


def recovered(folder: Path, subject: Subject) -> Subject:
    """A subject as it was known before, with what has been trained since in use."""
    for version in unlisted(folder, subject):
        subject = subject.with_version(version)
    return subject


def identity_of(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder, that of its files' names and hashes.

    Read once as long as the file stays what it is: path, size, time and inode.
    """
    if path.is_file():
        stat = path.stat()
        key = (str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
        if key not in _hashes:
            with path.open("rb") as file:
                _hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return _hashes[key]
    whole = hashlib.sha256()
    files = {f.relative_to(path).as_posix(): f for f in path.rglob("*") if f.is_file()}
    for name, file in sorted(files.items()):
        whole.update(f"{name}\0{identity_of(file)}\n".encode())
    return whole.hexdigest()


def next_number(folder: Path) -> int:
    """Never a number again that something had: a file in use keeps its name for itself."""
    with suppress(FileNotFoundError):
        taken = [int(path.stem) for path in folder.iterdir() if path.stem.isdecimal()]
        return max(taken, default=0) + 1
    return 1


def _paths(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(path for path in (folder / FOLDER).iterdir() if path.stem.isdecimal())
    return []


def _labelled(path: Path) -> Version:
    """What an adapter says of itself; of one without a label, its bytes alone are known."""
    version = Version(path.name, identity_of(path))
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        with path.open("rb") as file:
            length = min(int.from_bytes(file.read(8), "little"), LONGEST_LABEL)
            label = json.loads(json.loads(file.read(length))["__metadata__"]["studio"])
        return replace(version, method=str(label["method"]))
    return version
