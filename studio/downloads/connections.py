"""The log of connections: a line before each request and one after it, in a file of the data folder.

No line holds a query, a header or a name and password: signed links and tokens are in none.
"""

import threading
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from studio.project.files import to_refusal

LARGEST = 1_000_000
"""Bytes of the log, of which the latest half is kept."""


class ConnectionLog:
    """What was asked of whom, the newest line last.  Several threads may write to it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()

    def note(self, what: str) -> None:
        """Append a line with the time.  Refused where it cannot be written: then nothing is asked."""
        line = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {what}\n"
        try:
            with self._lock:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self._shorten()
                with self.file.open("a", encoding="utf-8") as log:
                    log.write(line)
        except OSError as error:
            raise to_refusal(error, self.file) from error

    def _shorten(self) -> None:
        if self.file.exists() and self.file.stat().st_size > LARGEST:
            kept = self.file.read_bytes()[-LARGEST // 2 :]
            aside = self.file.with_name(f".{self.file.name}.part")
            aside.write_bytes(kept[kept.index(b"\n") + 1 :])
            aside.replace(self.file)


def shown_link(url: str) -> str:
    """A link as it may be shown and kept: scheme, host and path, without what may be secret."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
