"""The record of a take: which files it has, what is in them, and a hash that vouches for itself."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.project.files import read_whole
from studio.project.plain import parsed
from studio.project.vouching import own_hash, vouched

VERSION = 1
RECORD = "record.json"
LONGEST = 2**20
"""Bytes of a record; those written have some hundred."""
NAMES = frozenset(("frames", "latents"))
"""What the arrays of the first release are called: nothing else vouches for it there."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Damaged(Exception):
    """A take that is not what was put."""


class Newer(Exception):
    """A take in a format that only a newer studio reads."""


def encoded(record: Mapping[str, Any]) -> bytes:
    """A record with its own hash, as it lies on the disk."""
    return json.dumps(vouched({"version": VERSION, **record}), indent=1).encode()


def read_record(folder: Path) -> dict[str, Any]:
    """The record of a take, checked; `Damaged` or `Newer` where it cannot be used.

    FileNotFoundError without one, OSError where the disk cannot be read.  Records of the first
    release have no hash of themselves: their arrays' hashes decide.
    """
    record = _parsed(folder)
    version = record.get("version")
    if type(version) is int and version > VERSION:
        raise Newer(f"{folder.name}: format {version}")
    is_own = "hash" not in record or record["hash"] == own_hash(record)
    if version != VERSION or not is_own or not _holds_together(record, folder.name):
        raise Damaged(f"{folder.name}: record")
    return record


def _parsed(folder: Path) -> dict[str, Any]:
    file = folder / RECORD
    try:
        record = parsed(read_whole(file, LONGEST))
    except FileNotFoundError:
        raise
    except (ValueError, NotADirectoryError) as error:
        raise Damaged(f"{folder.name}: record") from error
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.EFBIG):
            raise Damaged(f"{folder.name}: record") from error
        raise
    if not isinstance(record, dict):
        raise Damaged(f"{folder.name}: record")
    return record


def _holds_together(record: Mapping[str, Any], key: str) -> bool:
    """Whether the record is of this key, its files lie beside it, and its arrays in these files."""
    files, arrays = record.get("files"), record.get("arrays")
    if record.get("key") != key or not isinstance(files, dict) or not isinstance(arrays, dict):
        return False
    if "hash" not in record and not arrays.keys() <= NAMES:
        return False
    return all(_NAME.fullmatch(name) and _is_vouch(vouch) for name, vouch in files.items()) and all(
        _is_described(placed) and placed.get("file") in files for placed in arrays.values()
    )


def _is_vouch(vouch: object) -> bool:
    return (
        isinstance(vouch, dict)
        and type(vouch.get("bytes")) is int
        and isinstance(vouch.get("hash"), str)
    )


def _is_described(placed: object) -> bool:
    if not isinstance(placed, dict) or not isinstance(placed.get("file"), str):
        return False
    shape = placed.get("shape")
    return isinstance(shape, list) and all(type(n) is int and 0 <= n < 2**31 for n in shape)
