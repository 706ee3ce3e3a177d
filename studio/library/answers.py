"""What users say of files whose headers and names say nothing: a record beside the library's index,
which is made again from the disk, as this cannot be."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from studio.durable import written_whole
from studio.library.cache_file import read_cache
from studio.spec.refusal import Refusal

VERSION = 1
LARGEST = 16_000_000
"""Bytes of the record."""


class Answers:
    """By provisional identity (`scan.Entry`), so that a file which is moved keeps it; without a file
    nothing is told."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    @property
    def any(self) -> bool:
        return bool(self._all())

    def of(self, identity: str) -> str:
        """What a LoRA is like, a published name; "" where nobody said it."""
        return self._all().get(identity, "")

    def keep(self, identity: str, like: str) -> None:
        """Write it down; "" takes back what was said.  Refused where it cannot be written."""
        if self._file is None:
            return
        known = {**self._all(), identity: like}
        likes = {name: like for name, like in known.items() if like}
        part = self._file.with_name(f".{self._file.name}.{secrets.token_hex(4)}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(self._file, part):
                part.write_text(json.dumps({"version": VERSION, "likes": likes}), "utf-8")
        except OSError as error:
            raise Refusal(
                f"What was said cannot be kept in {self._file}.",
                "Make room, or allow writing there.",
            ) from error

    def _all(self) -> Mapping[str, str]:
        likes = read_cache(self._file, VERSION, LARGEST).get("likes", {})
        if not isinstance(likes, dict):
            return {}
        return {str(name): str(like) for name, like in likes.items()}
