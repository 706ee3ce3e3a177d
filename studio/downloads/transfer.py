"""One file over HTTP into a part that grows: ranges, broken connections, hosts that ask to wait.

What has come stays in the part, whatever happens; the next try asks for the rest alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from studio.downloads import hub, plain
from studio.downloads.offer import RemoteFile
from studio.downloads.online import Online
from studio.durable import FULL
from studio.project.files import to_refusal
from studio.spec.quantities import memory
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    import httpx2

SURE = 16 * 2**20
"""Bytes after which what was written is flushed to the disk: up to a multiple of it a part is sound
after a crash of the machine."""
TRIES = 5
"""Connections in a row that may break off without a byte."""
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")

Moved = Callable[[int], None]
"""Told how many bytes more, or fewer, of a file are here."""


def fetch(file: RemoteFile, part: Path, ask_token: hub.Token, door: Online, moved: Moved) -> None:
    """Bring `part` to the whole file.  Raises `Stopped`, or `Refusal` with what is here kept."""
    token = ask_token() if file.with_token else ""
    if file.size == 0:
        part.touch()
    failures = waited = 0
    _drop_doubtful(part, file, moved)
    while True:
        door.check()
        have = _length(part)
        if file.size is not None and have == file.size:
            return
        try:
            if _once(file, part, have, token, door, moved):
                return
        except _Busy as busy:
            door.give_way(busy.response, waited)
            waited += 1
        except _Broken as broken:
            door.check()
            if isinstance(broken, _Misfit):
                _cut(part, 0, moved)
            failures = 1 if _length(part) > have else failures + 1
            if failures > TRIES:
                raise Refusal(
                    f"The connection to {broken} broke off {TRIES} times.",
                    f"{memory(_length(part))} of {part.stem} are here and kept; do this again later.",
                ) from broken
            door.wait(min(2 ** (failures - 1), 30) * PAUSE)


PAUSE = 1.0
"""Seconds before the first new try; each that fails doubles them."""


class _Broken(Exception):
    """A connection ended early.  Its words are the host's name."""


class _Busy(Exception):
    """The host asks to wait."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__()
        self.response = response


class _Misfit(_Broken):
    """The host cannot go on where the part ends: it has another file by now, or knows no ranges."""


def _once(file: RemoteFile, part: Path, have: int, token: str, door: Online, moved: Moved) -> bool:
    """One request for what is missing; whether the file is whole by now as far as HTTP tells."""
    import httpx2

    try:
        with (
            door.client.stream("GET", file.url, headers=_headers(file, have, token)) as response,
            door.watched(response),
        ):
            _append(response, part, _start(response, file, have, token), door, moved)
    except httpx2.HTTPError as error:
        host = error.request.url.host if getattr(error, "_request", None) else "the host"
        raise _Broken(host) from error
    length = _length(part)
    if file.size is not None and length < file.size:
        raise _Broken(response.request.url.host)
    return file.size is None or length == file.size


def _headers(file: RemoteFile, have: int, token: str) -> dict[str, str]:
    headers = dict(plain.PLAIN)
    if file.with_token:
        headers["authorization"] = f"Bearer {token}"
    if have:
        headers["range"] = f"bytes={have}-"
        if file.validator:
            headers["if-range"] = file.validator
    return headers


def _start(response: httpx2.Response, file: RemoteFile, have: int, token: str) -> int:
    """Where in the part the answer belongs; refused where the host does not give the file."""
    status = response.status_code
    if status == 429:
        raise _Busy(response)
    if status == 206:
        match = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
        whole = match and (file.size is None or match.group(3) in ("*", str(file.size)))
        if match and whole and int(match.group(1)) == have:
            return have
        raise _Misfit(response.request.url.host)
    if status == 200:
        return 0
    if status == 416 and have:
        raise _Misfit(response.request.url.host)
    if status >= 500 or status == 408:
        raise _Broken(response.request.url.host)
    raise _refusal(response, file, bool(token))


def _refusal(response: httpx2.Response, file: RemoteFile, has_token: bool) -> Refusal:
    if not file.repo:
        return plain.refusal_of(response)
    return hub.refusal_of(response, file.repo, has_token)


def _append(response: httpx2.Response, part: Path, start: int, door: Online, moved: Moved) -> None:
    """Write what comes from byte `start` of the part on; what was there beyond is dropped."""
    try:
        with part.open("r+b" if part.exists() else "wb") as out:
            before = out.seek(0, os.SEEK_END)
            out.truncate(start)
            out.seek(start)
            moved(start - before)
            at = start
            for (
                chunk
            ) in response.iter_bytes():  # as they come: a buffer would be lost with the rest
                out.write(chunk)
                moved(len(chunk))
                if at // SURE != (at := at + len(chunk)) // SURE:
                    out.flush()
                    os.fsync(out.fileno())
                door.check()
    except OSError as error:
        if error.errno in FULL:
            raise Refusal(
                f"The disk is full: {memory(_length(part))} of {part.stem} are here and kept.",
                f"Make room on the disk of {part.parent}, then do this again.",
            ) from error
        raise to_refusal(error, part) from error


def _drop_doubtful(part: Path, file: RemoteFile, moved: Moved) -> None:
    """Of a part from an earlier run, keep what may be built on.

    Without a checksum nobody would notice that a crash of the machine left holes at its end, or
    that the host has another version by now.
    """
    have = _length(part)
    if file.size is not None and have > file.size:
        _cut(part, 0, moved)
    elif have and not (file.sha256 or file.blob):
        _cut(part, (have - 1) // SURE * SURE if file.validator else 0, moved)


def _cut(part: Path, length: int, moved: Moved) -> None:
    have = _length(part)
    if length < have:
        os.truncate(part, length)
        moved(length - have)


def _length(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0
