"""The files of one subject: what is known of it, photos with their own bytes, versions."""

from __future__ import annotations

import hashlib
import json
import shutil
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from studio.project.files import Aside, patiently, refused, sync_file, sync_folder, write_whole
from studio.project.plain import from_plain, to_plain
from studio.project.subject import Photo, Subject
from studio.spec.refusal import Refusal

VERSION = LOSSES_VERSION = 1
FILE = "subject.json"
PREVIOUS = "subject.previous.json"
LOSSES = "losses.json"


def read(folder: Path) -> Subject | None:
    """The subject of a folder, from the newest file that is whole; None where none is.

    Refused when it was written by a newer studio.
    """
    for file in (folder / FILE, folder / PREVIOUS):
        with suppress(OSError, ValueError):
            return replace(_decoded(file), name=name_of(folder))
    return None


def write(folder: Path, subject: Subject) -> None:
    """Replace what is known of a subject; what was known before is kept beside it."""
    file = folder / FILE
    with suppress(OSError, ValueError):
        _decoded(file)  # a damaged file must not take the place of a good previous one
        write_whole(folder / PREVIOUS, file.read_bytes())
    whole = {"version": VERSION, **to_plain(subject)}
    write_whole(file, json.dumps(whole, ensure_ascii=False, indent=1).encode())


def read_losses(folder: Path) -> tuple[tuple[int, float], ...]:
    """The (step, loss) pairs of a training; none where they cannot be read."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        whole = json.loads((folder / LOSSES).read_bytes())
        if whole["version"] == LOSSES_VERSION:
            return tuple((int(step), float(loss)) for step, loss in whole["losses"])
    return ()


def write_losses(folder: Path, losses: Sequence[tuple[int, float]]) -> None:
    """Replace the (step, loss) pairs of a training."""
    plain = [[step, round(loss, 6)] for step, loss in losses]
    write_whole(folder / LOSSES, json.dumps({"version": LOSSES_VERSION, "losses": plain}).encode())


def copied(photos: Sequence[Path], folder: Path) -> tuple[Photo, ...]:
    """Copies of `photos` in `folder`, their bytes untouched; doubles are left out."""
    kept: list[Photo] = []
    for source in photos:
        try:
            data = source.read_bytes()
        except OSError as error:
            raise Refusal(
                f"The photo {source.name} cannot be read.", "Leave it out or check where it lies."
            ) from error
        identity = hashlib.sha256(data).hexdigest()
        if all(photo.identity != identity for photo in kept):
            name = f"{_next_number(folder):04d}{_suffix(source)}"
            write_whole(folder / name, data)
            kept.append(Photo(name, source.name, identity))
    return tuple(kept)


def copy_version(adapter: Path, versions: Path) -> Path:
    """A copy of a file or folder under the next free number in `versions`, whole or not at all."""
    suffix = adapter.suffix if adapter.is_file() else ""
    target = versions / f"{_next_number(versions):04d}{suffix}"
    try:
        with Aside(versions.parent) as aside:
            part = aside.path / target.name
            if adapter.is_dir():
                shutil.copytree(adapter, part)
            else:
                shutil.copyfile(adapter, part)
            for file in (part, *part.rglob("*")):
                if file.is_file():
                    sync_file(file)
            versions.mkdir(exist_ok=True)
            patiently(lambda: part.rename(target))
            sync_folder(versions)
    except OSError as error:
        raise refused(error, target) from error
    return target


def identity_of(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder, that of its files' names and hashes."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    whole = hashlib.sha256()
    files = {f.relative_to(path).as_posix(): f for f in path.rglob("*") if f.is_file()}
    for name, file in sorted(files.items()):
        whole.update(f"{name}\0{identity_of(file)}\n".encode())
    return whole.hexdigest()


def move(path: Path, target: Path) -> Path:
    """Rename within the disk; where the name is taken, to "name (2)".  Gives the new place."""
    free, number = target, 2
    while free.exists() and not (path.exists() and free.samefile(path)):
        free = target.with_name(f"{target.stem} ({number}){target.suffix}")
        number += 1
    try:
        free.parent.mkdir(exist_ok=True)
        patiently(lambda: path.rename(free))
        sync_folder(free.parent)
    except OSError as error:
        raise refused(error, path) from error
    return free


def same(name: str) -> str:
    """What two names have in common that are one name on some system."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def name_of(folder: Path) -> str:
    """A subject is called what its folder is called (macOS may hand it out decomposed)."""
    return unicodedata.normalize("NFC", folder.name)


def _decoded(file: Path) -> Subject:
    whole = json.loads(file.read_bytes())
    version = whole.pop("version", None) if isinstance(whole, dict) else None
    if type(version) is not int or version < 1:
        raise ValueError("no version")
    if version > VERSION:
        raise Refusal(
            f"The subject “{name_of(file.parent)}” was saved by a newer studio.",
            "Update the studio; the subject was left as it is.",
        )
    return from_plain(Subject, whole)


def _next_number(folder: Path) -> int:
    # Never a number again that something had: a file in use keeps its name for itself.
    with suppress(FileNotFoundError):
        taken = [int(path.stem) for path in folder.iterdir() if path.stem.isdecimal()]
        return max(taken, default=0) + 1
    return 1


def _suffix(source: Path) -> str:
    suffix = source.suffix.lower()
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 6 else ""
