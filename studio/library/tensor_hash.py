"""The hash of a weight file's tensors: the same whatever notes stand in its header, which programs write
into files that people already use (titles, previews, tags)."""

import hashlib
import json
from io import BufferedReader
from pathlib import Path

from studio.library.hashes import KNOWN
from studio.library.headers import check
from studio.spec.refusal import Refusal

PORTION = 4 * 2**20
"""Bytes that are read at once."""


def tensor_hash(path: Path) -> str:
    """BLAKE2b (32 hex digits) of names, types, shapes and values, computed once and kept
    (`studio.library.hashes`).  Refused where the file is missing, cut short or something else."""
    check(path)
    try:
        return KNOWN.of(path, tensors)
    except (OSError, ValueError) as error:
        raise Refusal(f"The weight file {path} cannot be read.", "Allow reading it.") from error


def tensors(file: BufferedReader) -> str:
    """Of an open safetensors file."""
    length = int.from_bytes(file.read(8), "little")
    header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    digest = hashlib.blake2b(json.dumps(header, sort_keys=True).encode(), digest_size=16)
    while portion := file.read(PORTION):
        digest.update(portion)
    return digest.hexdigest()
