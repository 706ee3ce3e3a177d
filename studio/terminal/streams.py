"""Standard streams that cannot end the work: closed, full, vanished or never there."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class Unfailing:
    """A text stream whose `write` and `flush` never fail.

    After the first failure it is silent, and its descriptor leads nowhere, so that what lies in
    buffers of Python or of a library does not fail later either.  Characters that the stream's
    encoding lacks are written as escapes.  Everything else is the stream's own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.error: Exception | None = None
        """Why it fell silent, or None."""

    def write(self, text: str) -> int:
        if self.error is None:
            try:
                self._stream.write(self._spelt(text))
            except (OSError, ValueError) as error:
                self._fall_silent(error)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self.error is None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._fall_silent(error)

    def isatty(self) -> bool:
        try:
            return self.error is None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _spelt(self, text: str) -> str:
        coded = getattr(self._stream, "encoding", None) or "utf-8"  # a name may hold any byte
        return text.encode(coded, "backslashreplace").decode(coded)

    def _fall_silent(self, error: Exception) -> None:
        self.error = error
        with suppress(OSError, ValueError):  # some streams are no files
            descriptor = self._stream.fileno()
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
            self._stream.flush()


def unfailing(stream: TextIO | Unfailing | None) -> Unfailing:
    """`stream` as one that cannot fail; None, where a program has none, becomes silence."""
    return stream if isinstance(stream, Unfailing) else Unfailing(stream or io.StringIO())


@contextmanager
def unfailing_streams() -> Iterator[None]:
    """Within the block nothing that is written to stdout or stderr can fail, whoever writes it."""
    _occupy()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = unfailing(sys.stdout), unfailing(sys.stderr)  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _occupy() -> None:
    """Have descriptors 0 to 2 lead somewhere: else the next file opened gets such a number, and
    what a library says on "stderr" is written into it."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):  # the lowest free number, which is this one
                os.open(os.devnull, os.O_RDWR)
