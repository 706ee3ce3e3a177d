"""JSON files of what can be found out again: read whole or as nothing, and written whole or not at
all, without waiting for the disk.  One may be damaged or removed at any time."""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def read_cache(file: Path | None, version: int, most: int) -> dict[str, Any]:
    """The fields of a cache file; none where it is missing, damaged, over `most` bytes or of another
    version."""
    if file is None:
        return {}
    try:
        with file.open("rb") as opened:
            stored = json.loads(opened.read(most))
        return stored if stored["version"] == version else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def write_cache(file: Path | None, version: int, fields: Mapping[str, object]) -> None:
    """Replace a cache file, whose folder is never made for it; nothing where it cannot be written."""
    if file is None:
        return
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(json.dumps({"version": version, **fields}), "utf-8")
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
