"""The XMP chunk of WebP files: put in where ffmpeg leaves it out, and read."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from studio.media.formats import Size

_HAS_XMP = 0x04
_EXTENDED = 10
_SKIPPED = 12


def add_xmp(webp: Path, packet: bytes, size: Size) -> None:
    """Add an XMP chunk at the end of a WebP of `size` (width, height), and say so in its header.

    One that is a single picture without a header of that kind gets one first.
    """
    with webp.open("r+b") as file:
        name, _ = next(_chunks(file))
        if name != b"VP8X":
            _make_extended(file, size)
        file.seek(_SKIPPED + 8)
        flags = file.read(1)[0]
        file.seek(_SKIPPED + 8)
        file.write(bytes([flags | _HAS_XMP]))
        file.seek(0, os.SEEK_END)
        file.write(b"XMP " + len(packet).to_bytes(4, "little") + packet + b"\0" * (len(packet) % 2))
        length = file.tell() - 8
        file.seek(4)
        file.write(length.to_bytes(4, "little"))


def xmp_of(webp: Path) -> list[bytes]:
    """The XMP packets that a WebP holds."""
    with webp.open("rb") as file:
        return [file.read(length) for name, length in _chunks(file) if name == b"XMP "]


def _make_extended(file: BinaryIO, size: Size) -> None:
    """Put an extended header before a single picture, which is small: it is one frame."""
    file.seek(_SKIPPED)
    picture = file.read()
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    header = b"VP8X" + _EXTENDED.to_bytes(4, "little") + bytes(4) + sides
    file.seek(_SKIPPED)
    file.write(header + picture)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Name and length of each chunk, the file standing at its content."""
    at = _SKIPPED
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        length = int.from_bytes(head[4:], "little")
        yield head[:4], length
        at += 8 + length + length % 2
