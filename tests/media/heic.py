"""Writes a small HEIC by hand: an HEVC frame from ffmpeg in the boxes that a phone writes."""

import struct
import subprocess
from collections.abc import Sequence

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image


def heic(
    pixels: np.ndarray,
    *,
    turns: int = 0,
    orientation: int = 1,
    colours: Sequence[bytes] = (),
    others: Sequence[bytes] = (),
    transfer: str = "",
) -> bytes:
    """`pixels` as HEIC that asks for `turns` quarter turns to the left, and says so in EXIF too.

    `colours` are contents of the picture's `colr` boxes, `others` of some that are not its own, and
    `transfer` is what its stream says, by x265's name.
    """
    stream = _hevc_in_mp4(pixels, transfer)
    settings = _find(stream, b"hvcC")
    sample = _find(stream, b"mdat")
    exif = Image.Exif()
    exif[0x112] = orientation
    note = struct.pack(">I", 0) + exif.tobytes().removeprefix(b"Exif\0\0")
    start = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    boxes = [[_box(b"colr", content) for content in each] for each in (colours, others)]
    meta = _meta(pixels, settings, turns, boxes, (0, len(sample)), (0, len(note)))
    first = len(start) + len(meta) + 8
    places = (first, len(sample)), (first + len(sample), len(note))
    return start + _meta(pixels, settings, turns, boxes, *places) + _box(b"mdat", sample + note)


def _meta(
    pixels: np.ndarray,
    settings: bytes,
    turns: int,
    boxes: list[list[bytes]],
    picture: tuple[int, int],
    exif: tuple[int, int],
) -> bytes:
    height, width = pixels.shape[:2]
    properties = [
        _box(b"hvcC", settings),
        _box(b"ispe", struct.pack(">III", 0, width, height)),
        _box(b"irot", bytes([turns])),
        *boxes[0],
        *boxes[1],
    ]
    own = range(4, 4 + len(boxes[0]))
    used = struct.pack(">IIHB", 0, 1, 1, 3 + len(own)) + bytes((0x81, 2, 0x83, *own))
    items = _item(1, b"hvc1") + _item(2, b"Exif")
    extents = b"".join(
        struct.pack(">HHHII", item, 0, 1, *place) for item, place in ((1, picture), (2, exif))
    )
    content = (
        _box(b"hdlr", struct.pack(">II4s12xB", 0, 0, b"pict", 0))
        + _box(b"pitm", struct.pack(">IH", 0, 1))
        + _box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, 2) + extents)
        + _box(b"iinf", struct.pack(">IH", 0, 2) + items)
        + _box(b"iref", struct.pack(">I", 0) + _box(b"cdsc", struct.pack(">HHH", 2, 1, 1)))
        + _box(b"iprp", _box(b"ipco", b"".join(properties)) + _box(b"ipma", used))
    )
    return _box(b"meta", struct.pack(">I", 0) + content)


def _item(number: int, kind: bytes) -> bytes:
    return _box(b"infe", struct.pack(">IHH4sB", 2 << 24, number, 0, kind, 0))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _find(stream: bytes, kind: bytes) -> bytes:
    at = stream.index(kind)
    return stream[at + 4 : at - 4 + int.from_bytes(stream[at - 4 : at], "big")]


def _hevc_in_mp4(pixels: np.ndarray, transfer: str) -> bytes:
    height, width = pixels.shape[:2]
    said = f":transfer={transfer}:colorprim=bt2020" if transfer else ""
    command = [
        get_ffmpeg_exe(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-video_size", f"{width}x{height}", "-i", "pipe:0", "-frames:v", "1",
        "-c:v", "libx265", "-x265-params", f"log-level=none:crf=8{said}", "-pix_fmt", "yuv420p",
        "-tag:v", "hvc1", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1",
    ]  # fmt: skip
    done = subprocess.run(command, input=pixels.tobytes(), capture_output=True, check=True)
    return done.stdout
