"""Files that are on this computer already: what several models share is downloaded once."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from studio.downloads.journal import READY, Record
from studio.downloads.offer import RemoteFile
from studio.library.program_folders import REPOSITORY, hub_cache

CHUNK = 2**22


def copies_of(file: RemoteFile, records: list[Record], models: Path) -> Iterator[Path]:
    """Where a file of this checksum and size lies: among the studio's downloads, and in the
    Hugging Face cache, which names large files by their sha256."""
    if not file.sha256:
        return
    for record in records:
        for known in record.files:
            place = models / record.folder / known.path
            if record.state == READY and known.found == file.sha256 and _has_size(place, file.size):
                yield place
    for blob in sorted(hub_cache().glob(f"{REPOSITORY}*/blobs/{file.sha256}")):
        if _has_size(blob, file.size):
            yield blob


def takes_no_room(copy: Path, folder: Path) -> bool:
    """Whether a file of `folder` may be the same bytes on the disk (a hard link)."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return copy.stat().st_dev == there.stat().st_dev


def bring(copy: Path, part: Path, go_on: Callable[[], None]) -> None:
    """Make `part` the same file as `copy`, which stays as it is; a copy where the disk has no links.

    `go_on` is called between chunks and may raise.
    """
    part.unlink(missing_ok=True)
    try:
        os.link(copy, part)
    except OSError:
        with copy.open("rb") as read, part.open("wb") as write:
            while chunk := read.read(CHUNK):
                write.write(chunk)
                go_on()


def _has_size(place: Path, size: int | None) -> bool:
    try:
        return place.is_file() and not place.is_symlink() and place.stat().st_size == size
    except OSError:
        return False
