"""Photos from any camera or program, as upright sRGB pixels."""

from pathlib import Path

import numpy as np
from PIL import Image

from studio.media.colour import to_srgb
from studio.media.decoding import decoded, orientation, takes_long
from studio.media.large_photo import opened_apart
from studio.spec.progress import Tick, silent

_UNDO = {  # what makes a picture of each EXIF orientation upright; 1 is
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_photo(path: Path, *, longest: int | None = None, tick: Tick = silent) -> np.ndarray:
    """Decode a photo to uint8 (H, W, 3), sRGB, upright.

    EXIF orientation is applied; embedded profiles, CMYK and Lab are converted by littleCMS, and a
    profile it cannot use is ignored; 16-bit samples keep their upper eight bits; what is
    transparent shows mid-grey (128), the value that says least to a network; of an animation the
    first frame counts.  With `longest` the photo is shrunk, never enlarged, until no side is longer
    than that many pixels; a JPEG is then read reduced, in a fraction of the time and memory.

    Raises `Refusal`, naming the file, for what is missing, damaged, no picture, above 250
    megapixels (a HEIC: 110; known from the header, nothing is decoded), or in 32 bits per sample.
    """
    if takes_long(path):
        return opened_apart(path, longest, tick)
    return decoded_here(path, longest)


def decoded_here(path: Path, longest: int | None) -> np.ndarray:
    """The same, in this process whatever it takes."""
    with decoded(path, longest) as picture:
        upright = _upright(to_srgb(picture), orientation(picture))
        return np.asarray(_shrunk(upright, longest)).copy()


def square(photo: np.ndarray, size: int) -> np.ndarray:
    """The middle square of a photo, uint8 (H, W, 3), as uint8 (size, size, 3).

    The crop is as wide as the shorter side and centred, whatever the picture shows.  Pillow's
    Lanczos weighs every source pixel that lies under a new one, so fine patterns do not alias.
    """
    height, width = photo.shape[:2]
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    middle = np.ascontiguousarray(photo[top : top + side, left : left + side])
    return np.asarray(Image.fromarray(middle).resize((size, size), Image.Resampling.LANCZOS)).copy()


def _upright(picture: Image.Image, stored: int) -> Image.Image:
    return picture.transpose(_UNDO[stored]) if stored in _UNDO else picture


def _shrunk(picture: Image.Image, longest: int | None) -> Image.Image:
    if longest is None or max(picture.size) <= longest:
        return picture
    scale = longest / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)
