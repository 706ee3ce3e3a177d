"""The blocks a GIF file is made of, one at a time."""

from collections.abc import Iterator
from typing import BinaryIO

COMMENT, GRAPHIC_CONTROL, APPLICATION = b"\x21\xfe", b"\x21\xf9", b"\x21\xff"
IMAGE, TRAILER = b"\x2c", b"\x3b"

_XMP_APPLICATION = b"\x21\xff\x0bXMP DataXMP"
# XMP lies bare in its block; whichever of its bytes a reader takes for a length, these 258 bytes
# lead it to the block's end (XMP specification, part 3, GIF).
_MAGIC_TRAILER = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\x00"


class NotAGif(ValueError):
    """The bytes do not follow the GIF grammar."""


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the raw bytes of each block: the header with its colours first, the trailer last.

    Raises `NotAGif` where the file breaks off or holds something else.
    """
    header = _exactly(stream, 13)
    if header[:6] not in (b"GIF87a", b"GIF89a"):
        raise NotAGif("no GIF header")
    yield header + _exactly(stream, _colours(header[10]))
    while (kind := _exactly(stream, 1)) != TRAILER:
        if kind == IMAGE:
            place = _exactly(stream, 9)
            local = _exactly(stream, _colours(place[8]))
            yield kind + place + local + _exactly(stream, 1) + _sub_blocks(stream)
        elif kind == b"\x21":
            yield kind + _exactly(stream, 1) + _sub_blocks(stream)
        else:
            raise NotAGif("an unknown block")
    yield TRAILER


def with_delay(block: bytes, centiseconds: int) -> bytes:
    """A graphic-control block that shows its frame for this long."""
    return block[:4] + centiseconds.to_bytes(2, "little") + block[6:]


def delay_of(block: bytes) -> int:
    """How long a graphic-control block shows its frame, in hundredths of a second."""
    return int.from_bytes(block[4:6], "little")


def comment_block(text: bytes) -> bytes:
    """A comment extension that holds `text`."""
    pieces = [text[start : start + 255] for start in range(0, len(text), 255)]
    return COMMENT + b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\x00"


def comment_of(block: bytes) -> bytes:
    """The text of a comment extension."""
    text, at = b"", 2
    while length := block[at]:
        text += block[at + 1 : at + 1 + length]
        at += 1 + length
    return text


def xmp_block(packet: bytes) -> bytes:
    """An application extension that holds an XMP packet."""
    return _XMP_APPLICATION + packet + _MAGIC_TRAILER


def xmp_of(block: bytes) -> bytes | None:
    """The XMP packet of an application extension, or None for other blocks."""
    if not block.startswith(_XMP_APPLICATION):
        return None
    return block[len(_XMP_APPLICATION) : -len(_MAGIC_TRAILER)]


def _colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(stream: BinaryIO) -> bytes:
    pieces = []
    while True:
        length = _exactly(stream, 1)
        pieces.append(length)
        if length == b"\x00":
            return b"".join(pieces)
        pieces.append(_exactly(stream, length[0]))


def _exactly(stream: BinaryIO, count: int) -> bytes:
    read = stream.read(count)
    if len(read) != count:
        raise NotAGif("the file breaks off")
    return read
