"""What has come is checked before anything may use it: its checksum, then what kind of file it is."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from studio.downloads.links import PICKLES, WEIGHTS
from studio.downloads.offer import RemoteFile
from studio.durable import sync_file
from studio.library import gguf_files, headers
from studio.library.weight_files import BEGINNING, not_weights
from studio.spec.refusal import Refusal

CHUNK = 2**22


class Damaged(Exception):
    """The bytes are not those that were promised."""


def checked(path: Path, file: RemoteFile, go_on: Callable[[], None]) -> str:
    """The sha256 of what lies at `path`, which is on the disk then.

    Raises `Damaged` where it, or git's SHA-1, or the size is not as promised.  `go_on` is called
    between chunks and may raise.
    """
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        raise Damaged(f"{size} bytes instead of {file.size}")
    sha256, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            sha256.update(chunk)
            if file.blob:
                blob.update(chunk)
            go_on()
    for promised, found in ((file.sha256, sha256), (file.blob, blob)):
        if promised and found.hexdigest() != promised:
            raise Damaged("another checksum")
    sync_file(path)
    return sha256.hexdigest()


def check_kind(path: Path, suffix: str) -> None:
    """Refused where weights are a web page, a pointer, cut short, or a pickle that is not called
    one; `suffix` is that of the file's name."""
    if suffix not in (*WEIGHTS, *PICKLES):
        return
    with path.open("rb") as opened:
        beginning = opened.read(BEGINNING)
    why = not_weights(beginning)
    if why and not (suffix in PICKLES and "pickle" in why):
        raise Refusal(f"What came {why}.", "It was removed; copy the link of the file itself.")
    if suffix == ".gguf":
        gguf_files.read(path)
    elif suffix in WEIGHTS:
        headers.check(path)
