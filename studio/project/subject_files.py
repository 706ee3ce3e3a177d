"""The files of one subject: what is known of it, photos with their own bytes."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.durable import retry_while_locked, sync_folder
from studio.project.files import read_whole, to_refusal, write_whole
from studio.project.plain import LARGEST, from_plain, parsed, to_plain
from studio.project.subject import Photo, Subject
from studio.project.subject_versions import next_number, recovered
from studio.project.vouching import checked, newer, vouched
from studio.spec.refusal import Refusal

VERSION, LOSSES_VERSION = 4, 1
"""Of a subject's file since 4 with the networks that versions are made for."""
VOUCHED = 3
"""The version since which a subject's file has a hash of itself."""
DAMAGE = (OSError, ValueError, RecursionError)
FILE = "subject.json"
PREVIOUS = "subject.previous.json"
LOSSES = "losses.json"


def read(folder: Path) -> Subject | None:
    """The subject of a folder; None where nothing of it can be read.

    Where its file is damaged, what was known before, with the versions that were trained since.
    Refused when it was written by a newer studio.
    """
    for file in (FILE, PREVIOUS):
        with suppress(*DAMAGE):
            subject = replace(_decoded(folder / file), name=name_of(folder))
            return subject if file == FILE else recovered(folder, subject)
    return None


def is_damaged(folder: Path) -> bool:
    """Whether the newest file of a subject cannot be read, and an older one stands in."""
    try:
        _decoded(folder / FILE)
    except DAMAGE:
        return True
    return False


def write(folder: Path, subject: Subject, *, twice: bool = False) -> None:
    """Replace what is known of a subject; what was known before is kept beside it.

    Refused where it would be read as damage.  A damaged file is put aside.  What was trained is written `twice`, so that no file that breaks
    takes it away.
    """
    for noun in (subject, *subject.photos, *subject.versions):
        if field := next(noun.unfit(), ""):
            what = field.replace("_", " ")
            raise Refusal(f"The {what} of “{subject.name}” cannot be kept.", "Use a shorter one.")
    file = folder / FILE
    whole = vouched({"version": VERSION, **to_plain(subject)})
    data = json.dumps(whole, ensure_ascii=False, indent=1)
    try:
        _decoded(file)
        write_whole(folder / PREVIOUS, file.read_bytes(), known_as=file)
    except FileNotFoundError:
        pass
    except DAMAGE:  # it must not take the place of a good previous one
        _put_aside(file)
    write_whole(file, data.encode())
    if twice:
        write_whole(folder / PREVIOUS, data.encode(), known_as=file)


def _put_aside(file: Path) -> None:
    taken = {path.name for path in file.parent.iterdir()}
    name = next(n for i in range(1, 10**6) if (n := f"subject.damaged-{i}.json") not in taken)
    try:
        retry_while_locked(lambda: file.rename(file.with_name(name)))
    except OSError as error:
        raise to_refusal(error, file) from error


def read_losses(folder: Path) -> tuple[tuple[int, float], ...]:
    """The (step, loss) pairs of a training; none where they cannot be read."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        whole = parsed(read_whole(folder / LOSSES, LARGEST))
        if whole["version"] == LOSSES_VERSION:
            return tuple((int(step), float(loss)) for step, loss in whole["losses"])
    return ()


def write_losses(folder: Path, losses: Sequence[tuple[int, float]]) -> None:
    """Replace the (step, loss) pairs of a training."""
    plain = [[step, round(loss, 6)] for step, loss in losses]
    write_whole(folder / LOSSES, json.dumps({"version": LOSSES_VERSION, "losses": plain}).encode())


def copied(
    photos: Sequence[Path], folder: Path, known: Set[str] = frozenset()
) -> tuple[Photo, ...]:
    """Copies of `photos` in `folder`, their bytes untouched; doubles and `known` are left out."""
    kept: list[Photo] = []
    for source in photos:
        try:
            data = source.read_bytes()
        except OSError as error:
            raise Refusal(
                f"The photo {source.name} cannot be read.", "Leave it out or check where it lies."
            ) from error
        identity = hashlib.sha256(data).hexdigest()
        if identity not in known | {photo.identity for photo in kept}:
            name = f"{next_number(folder):04d}{_suffix(source)}"
            write_whole(folder / name, data)
            kept.append(Photo(name, source.name, identity))
    return tuple(kept)


def move(path: Path, target: Path) -> Path:
    """Rename within the disk; where the name is taken, to "name (2)".  Gives the new place."""
    free, number = target, 2
    while free.exists() and not (path.exists() and free.samefile(path)):
        free = target.with_name(f"{target.stem} ({number}){target.suffix}")
        number += 1
    try:
        free.parent.mkdir(exist_ok=True)
        retry_while_locked(lambda: path.rename(free))
        sync_folder(free.parent)
    except OSError as error:
        raise to_refusal(error, path) from error
    return free


def same(name: str) -> str:
    """What two names have in common that are one name on some system."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def name_of(folder: Path) -> str:
    """A subject is called what its folder is called (macOS may hand it out decomposed)."""
    return unicodedata.normalize("NFC", folder.name)


def _decoded(file: Path) -> Subject:
    whole = parsed(read_whole(file, LARGEST))
    if newer(whole, VERSION):
        raise Refusal(
            f"The subject “{name_of(file.parent)}” was saved by a newer studio.",
            "Update the studio; the subject was left as it is.",
        )
    whole = checked(whole, VOUCHED)
    version = whole.pop("version")
    if version == 1:
        whole = _with_versions(whole)
    return from_plain(Subject, whole)


def _with_versions(whole: dict[str, Any]) -> dict[str, Any]:
    """Format 1 named one adapter, trained by the subject's own method for a model unsaid."""
    whole = dict(whole)
    file, identity = whole.pop("adapter", ""), whole.pop("identity", "")
    steps = whole.pop("trained_steps", 0)
    if file and identity:
        made = {"file": file, "identity": identity, "trained_steps": steps}
        whole["versions"] = [{**made, "method": whole.get("method", "lora")}]
        whole["used"] = [file]
    return whole


def _suffix(source: Path) -> str:
    suffix = source.suffix.lower()
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 6 else ""
