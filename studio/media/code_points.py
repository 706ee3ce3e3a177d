"""Code points of ITU-T H.273 that a still picture's file states: what its numbers mean as light.

HEIF and AVIF have them in a `colr` box of the primary picture (ISO 23008-12), or in the stream where
there is none; PNG in a cICP chunk, an ICC profile in a tag (ICC.1:2022), whatever file it lies in.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from studio.media.tone import BRIGHT
from studio.spec.refusal import Refusal

_PNG = b"\x89PNG\r\n\x1a\n"


class CodePoints(NamedTuple):
    """Primaries and transfer characteristics; 2 stands for unknown."""

    primaries: int = 2
    transfer: int = 2


UNKNOWN = CodePoints()


def stated(file: BinaryIO, path: Path, icc: bytes | None) -> CodePoints:
    """What an open picture file says of its colours, before its profile, which says it otherwise."""
    head = file.read(12) if file.seek(0) == 0 else b""
    if head[:8] == _PNG:
        return _of_png(file) or of_profile(icc)
    if head[4:8] == b"ftyp":
        boxes = _colours(_content(file, b"meta"))
        if not boxes:
            return _of_stream(path)
        coded = next((box for box in boxes if box[:4] == b"nclx"), b"")
        return _pair(coded[4:8]) if len(coded) >= 8 else of_profile(icc)
    return of_profile(icc)


def of_profile(icc: bytes | None) -> CodePoints:
    """Those of a profile's cicp tag."""
    data = icc or b""
    for at in range(132, 132 + 12 * min(200, _number(data[128:132])), 12):
        if data[at : at + 4] == b"cicp":
            start = _number(data[at + 4 : at + 8]) + 8
            return CodePoints(*data[start : start + 2]) if len(data) >= start + 2 else UNKNOWN
    return UNKNOWN


def _of_png(file: BinaryIO) -> CodePoints | None:
    file.seek(len(_PNG))
    while len(head := file.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
        if head[4:] == b"cICP":
            pair = file.read(2)
            return CodePoints(*pair) if len(pair) == 2 else None
        file.seek(_number(head[:4]) + 4, io.SEEK_CUR)
    return None


def _of_stream(path: Path) -> CodePoints:
    """ffmpeg looks into it; what it cannot read says nothing."""
    from studio.media.container import opened

    try:
        transfer = opened(path).transfer
    except Refusal:
        return UNKNOWN
    return next((CodePoints(9, at) for at, name in BRIGHT.items() if name == transfer), UNKNOWN)


def _colours(meta: bytes) -> list[bytes]:
    """The contents of the `colr` boxes of the primary picture, or of those it is put together of."""
    inside = dict(_boxes(meta[4:]))
    properties = dict(_boxes(inside.get(b"iprp", b"")))
    known = list(_boxes(properties.get(b"ipco", b"")))
    used = _associations(properties.get(b"ipma", b""))
    pitm = inside.get(b"pitm", b"")
    primary = _number(pitm[4:])
    for items in ([primary], _tiles(inside.get(b"iref", b""), primary)):
        numbers = (n for item in items for n in used.get(item, ()) if 0 < n <= len(known))
        found = [known[n - 1][1] for n in numbers if known[n - 1][0] == b"colr"]
        if found:
            return found
    return []


def _associations(ipma: bytes) -> dict[int, list[int]]:
    """The numbers of each picture's properties, from 1."""
    wide, two = ipma[:1] not in (b"", b"\0"), bool(_number(ipma[1:4]) & 1)
    stream, size = io.BytesIO(ipma[8:]), 1 + two
    found: dict[int, list[int]] = {}
    for _ in range(_number(ipma[4:8])):
        item = stream.read(4 if wide else 2)
        count = stream.read(1)
        if not count:
            break
        each = [stream.read(size) for _ in range(count[0])]
        found[_number(item)] = [_number(one) & (0x7FFF if two else 0x7F) for one in each]
    return found


def _tiles(iref: bytes, primary: int) -> list[int]:
    """The pictures of which a grid is put together."""
    size = 2 if iref[:1] == b"\0" else 4
    for kind, content in _boxes(iref[4:]):
        if kind == b"dimg" and _number(content[:size]) == primary:
            ids = content[size + 2 :]
            return [_number(ids[at : at + size]) for at in range(0, len(ids), size)]
    return []


def _content(file: BinaryIO, wanted: bytes) -> bytes:
    """The first box of a kind in a file (ISO 14496-12), without its head."""
    at, total = 0, file.seek(0, io.SEEK_END)
    while at + 8 <= total:
        file.seek(at)
        head = file.read(16)
        size, skipped = _size(head, total - at)
        if head[4:8] == wanted:
            file.seek(at + skipped)
            return file.read(max(0, size - skipped))
        if size < 8:
            break
        at += size
    return b""


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, skipped = _size(data[at : at + 16], len(data) - at)
        if size < skipped or at + size > len(data):
            break
        yield data[at + 4 : at + 8], data[at + skipped : at + size]
        at += size


def _size(head: bytes, rest: int) -> tuple[int, int]:
    """Of a box: its bytes in all, and those of its head."""
    size = _number(head[:4])
    if size == 1:
        return _number(head[8:16]), 16
    return (size or rest), 8


def _pair(data: bytes) -> CodePoints:
    return CodePoints(_number(data[:2]), _number(data[2:4]))


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
