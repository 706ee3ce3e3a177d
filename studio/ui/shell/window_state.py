"""Where the window and its panels were, kept with a hash: Qt puts into place whatever it is given.

The file is read and written here, not by QSettings: Qt for Python unpickles what an .ini file calls
a @Variant, and a pickle may run any program.
"""

import binascii
import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QByteArray

from studio.project.files import read_whole, write_whole
from studio.spec.refusal import Refusal

LARGEST = 1 << 20
"""Bytes that are read; panels and geometry take a few thousand."""
_LINE = re.compile(rb"^(geometry|state|widths|hash)=(.*?)\r?$", re.MULTILINE)
_WIDTH = re.compile(r"[^\",;=]{1,80}=\d{1,5}(?!\d)")
_OF_QT = re.compile(rb'"?@ByteArray\((.*)\)"?', re.DOTALL)
"""How earlier releases wrote bytes, by QSettings."""
_ESCAPED = re.compile(rb"\\(?:x([0-9a-fA-F]+)|(.))", re.DOTALL)
_LETTERS = {b"0": b"\0", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r",
            b"t": b"\t", b"v": b"\v"}  # fmt: skip


class WindowState:
    """An .ini file with the window's geometry, the state of its panels, and their widths."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, geometry: QByteArray, state: QByteArray, widths: Mapping[str, int]) -> None:
        """Write all of it down; where that fails the window opens as at first."""
        entries = [f"{name}={width}" for name, width in widths.items()]
        lines = (
            b"[General]",
            b"geometry=" + binascii.b2a_base64(geometry.data(), newline=False),
            b"state=" + binascii.b2a_base64(state.data(), newline=False),
            b"widths=" + ", ".join(entries).encode(),
            b"hash=" + _hash(geometry, state, entries).encode(),
        )
        with suppress(Refusal):
            write_whole(self._path, b"\n".join((*lines, b"")))

    def kept(self) -> tuple[QByteArray, QByteArray, dict[str, int]]:
        """What was kept, byte for byte; nothing where it is damaged.

        Files of earlier releases have no hash.
        """
        nothing = QByteArray(), QByteArray(), {}
        try:
            found = dict(_LINE.findall(read_whole(self._path, LARGEST)))
            geometry, state = (QByteArray(_bytes(found[k])) for k in (b"geometry", b"state"))
            entries = [w.strip() for w in _WIDTH.findall(found.get(b"widths", b"").decode())]
        except (OSError, ValueError, KeyError):
            return nothing
        earlier = b"hash" not in found and _OF_QT.fullmatch(found[b"geometry"])
        if not earlier and found.get(b"hash") != _hash(geometry, state, entries).encode():
            return nothing
        return geometry, state, {n: int(w) for n, _, w in (part.partition("=") for part in entries)}


def _bytes(written: bytes) -> bytes:
    """Base64, or what QSettings wrote; ValueError for anything else."""
    if of_qt := _OF_QT.fullmatch(written):
        return _ESCAPED.sub(_unescaped, of_qt[1])
    return binascii.a2b_base64(written, strict_mode=True)


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes([int(found[1], 16)])  # ValueError beyond a byte
    return _LETTERS.get(found[2], found[2])


def _hash(geometry: QByteArray, state: QByteArray, widths: list[str]) -> str:
    whole = b"\0".join((geometry.data(), state.data(), *(width.encode() for width in widths)))
    return hashlib.blake2b(whole, digest_size=16).hexdigest()
