"""The hash of a weight file's tensors: the same whatever notes stand in its header, which programs write
into files that people already use (titles, previews, tags).

A reading that is stopped is gone on with by whoever reads the file next, in this process: a file of
gigabytes is read once, however often jobs come between."""

import hashlib
import json
import os
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from studio.library import gguf_files
from studio.library.hashes import KNOWN, Stamp, settled, stamp_of
from studio.library.headers import check
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal

PORTION = 4 * 2**20
"""Bytes that are read at once: the digest and the disk take milliseconds for them, and neither holds
Python's lock meanwhile."""
MOST_BEGUN = 8
"""Readings that were stopped and can be gone on with."""
_begun: dict[tuple[int, Stamp], tuple[int, "hashlib.blake2b"]] = {}
"""By disk and stamp of a file, how far it was read and the digest of that; for all threads, each of
which takes a copy."""


def tensor_hash(path: Path, tick: Tick = silent) -> str:
    """BLAKE2b (32 hex digits) of names, types, shapes and values, computed once and kept
    (`studio.library.hashes`); a tick a portion, of the file's mebibytes.  Refused where the file is
    missing, cut short or something else."""
    (gguf_files.read if _is_gguf(path) else check)(path)
    size = path.stat().st_size

    def tensors(file: BufferedReader) -> str:
        return _tensors(
            file, lambda at: tick(Progress("reading weights", at >> 20, size >> 20, note=path.name))
        )

    try:
        return KNOWN.of(path, tensors)
    except (OSError, ValueError) as error:
        raise Refusal(f"The weight file {path} cannot be read.", "Allow reading it.") from error


def known_hash(path: Path) -> str:
    """`tensor_hash`, where it was computed since the file was last written; else ""."""
    return KNOWN.known(path, tensors)


def tensors(file: BufferedReader) -> str:
    """Of an open safetensors file."""
    return _tensors(file, lambda _: None)


def _is_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(gguf_files.MAGIC)) == gguf_files.MAGIC
    except OSError:
        return False  # said by the check that follows


def _tensors(file: BufferedReader, at: Callable[[int], None]) -> str:
    """A tick comes when a portion counts already, so that one which stops loses nothing."""
    stat, started = os.fstat(file.fileno()), KNOWN.now()
    key, stamp = (stat.st_dev, stamp_of(stat)), stamp_of(stat)
    place, digest = _begun.get(key) or (0, None)
    digest = digest.copy() if digest else _of_header(file)
    if place:
        file.seek(place)
    while portion := file.read(PORTION):
        digest.update(portion)
        if settled(stamp, started):  # else a later write might not show
            _begun[key] = file.tell(), digest.copy()
            for old in list(_begun)[:-MOST_BEGUN]:
                _begun.pop(old, None)
        at(file.tell())
    _begun.pop(key, None)
    return digest.hexdigest()


def _of_header(file: BufferedReader) -> "hashlib.blake2b":
    """The digest of what stands before the tensors' values; of a GGUF file all bytes count, since its
    notes hold a tokenizer."""
    digest = hashlib.blake2b(digest_size=16)
    beginning = file.read(8)
    if beginning.startswith(gguf_files.MAGIC):
        digest.update(beginning)
    else:
        header = json.loads(file.read(int.from_bytes(beginning, "little")))
        header.pop("__metadata__", None)
        digest.update(json.dumps(header, sort_keys=True).encode())
    return digest
