"""Opens picture files with Pillow and libheif, and says no before harm is done."""

import ctypes
import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

import pi_heif
from PIL import ExifTags, Image, UnidentifiedImageError, _imaging

from studio.media.code_points import stated
from studio.spec.refusal import Refusal

MOST_PIXELS = 250_000_000
MOST_IN_HEIF = 110_000_000
"""Pixels of a HEIC: libheif decodes it whole, in some 8 bytes a pixel and some 10 s at this size.

A photo of 200 megapixels is refused by its header."""
LONG = 20_000_000
"""Pixels of a HEIC that takes more than a second or two."""

# Decoders for files that users have; not the ones that run programs (EPS) or read other files.
_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "DIB", "JPEG2000")
# Pillow's limit and Python's warning filters are global: one thread at a time may borrow them.
_borrowed = threading.RLock()


@contextmanager
def decoded(path: Path, longest: int | None) -> Iterator[Image.Image]:
    """Give the first frame of a picture file, decoded but otherwise as it is stored.

    With `longest` a JPEG comes at the smallest of the reduced sizes from which that many pixels
    can still be had in quality.  Raises `Refusal`, naming the file, for anything unreadable, also
    when the block itself trips over what the file holds.
    """
    try:
        with path.open("rb") as file:
            if _is_heif(file):  # takes long where it is large: other photos do not wait for it
                yield _with_code_points(_loaded_heif(file), file, path)
                return
            with _quietly():
                yield _with_code_points(_loaded(file, longest), file, path)
    except Refusal as refusal:
        raise Refusal(f"{path.name} {refusal.what}", refusal.hint) from refusal.__cause__
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise Refusal(
            f"{path} cannot be opened.", "Check that it is there and readable."
        ) from error
    except UnidentifiedImageError as error:
        raise Refusal(
            f"{path.name} is not a picture of a known kind.", "Choose a JPEG, PNG or HEIC file."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        too_big = _too_big(MOST_PIXELS)
        raise Refusal(f"{path.name} {too_big.what}", too_big.hint) from error
    except MemoryError as error:
        raise Refusal(
            f"{path.name} needs more memory than there is.", "Make it smaller first."
        ) from error
    except Exception as error:  # decoders answer damaged bytes with every kind of exception
        raise Refusal(
            f"{path.name} is damaged or incomplete.", "Copy it again or choose another photo."
        ) from error


def takes_long(path: Path) -> bool:
    """Whether it is a large HEIC, by its header; False for what cannot be read."""
    try:
        with path.open("rb") as file:
            if not _is_heif(file):
                return False
            width, height = pi_heif.open_heif(file).size
    except Exception:  # what is wrong with it is said by whoever opens it
        return False
    return LONG < width * height <= MOST_IN_HEIF


def orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8, of an opened picture; 1 where EXIF is absent or broken."""
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken note about a photo is no reason to refuse the photo
        return 1
    return value if value in range(1, 9) else 1


@contextmanager
def _quietly() -> Iterator[None]:
    """Lend Pillow our pixel limit and keep its remarks about odd files to ourselves."""
    _silence_libtiff()
    with _borrowed, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = MOST_PIXELS
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


@cache
def _silence_libtiff() -> None:
    """It writes what it finds wrong to stderr by itself, beside the one sentence that is ours.

    On Windows it is a part of Pillow and cannot be reached.
    """
    with suppress(OSError, AttributeError):
        handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
        handler.argtypes, handler.restype = (ctypes.c_void_p,), ctypes.c_void_p
        handler(None)


def _loaded(file: BinaryIO, longest: int | None) -> Image.Image:
    picture = Image.open(file, formats=_FORMATS)
    _check_size(picture.size)
    if longest is not None and picture.format in ("JPEG", "MPO"):
        _reduce(picture, longest)
    picture.load()
    return picture


def _with_code_points(picture: Image.Image, file: BinaryIO, path: Path) -> Image.Image:
    picture.info["code_points"] = stated(file, path, picture.info.get("icc_profile"))
    return picture


def _is_heif(file: BinaryIO) -> bool:
    """Whether libheif is the one to ask; AVIF, which begins alike, is Pillow's."""
    head = file.read(32)
    file.seek(0)
    return head[8:12] not in (b"avif", b"avis") and pi_heif.is_supported(file)


def _loaded_heif(file: BinaryIO) -> Image.Image:
    """libheif applies the rotation that the container asks for; EXIF only repeats it."""
    _check_whole(file)
    container = pi_heif.open_heif(file)
    _check_size(container.size, MOST_IN_HEIF)
    picture = container.to_pillow()
    picture.info.pop("exif", None)
    return picture


def _check_whole(file: BinaryIO) -> None:
    """Raise OSError where a box (ISO 14496-12) reaches beyond the file: libheif fills what is cut."""
    total, at = file.seek(0, io.SEEK_END), 0
    while at < total:
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:], "big")
        if size == 0:  # to the end, whatever that is
            break
        if size < 8 or at + size > total:
            raise OSError("the file is cut short")
        at += size
    file.seek(0)


def _reduce(picture: Image.Image, longest: int) -> None:
    """Let the JPEG decoder leave out detail, down to twice the wanted size."""
    scale = 2 * longest / max(picture.size)
    if scale < 1:
        picture.draft(None, (round(picture.width * scale) or 1, round(picture.height * scale) or 1))


def _check_size(size: tuple[int, int], most: int = MOST_PIXELS) -> None:
    if min(size) <= 0:
        raise Refusal("has no pixels.", "Choose another photo.")
    if size[0] * size[1] > most:
        raise _too_big(most)


def _too_big(most: int) -> Refusal:
    return Refusal(f"has more than {most // 1_000_000} megapixels.", "Make it smaller first.")
