"""Any picture mode and colour profile to 8-bit sRGB."""

import io

import numpy as np
from PIL import Image, ImageCms

from studio.media.code_points import UNKNOWN
from studio.media.tone import BRIGHT, to_sdr
from studio.spec.refusal import Refusal

MATTE = 128
"""What shows through transparent pixels: mid-grey, the middle of a network's value range."""

# What Photoshop and browsers do: whites meet whites, blacks meet blacks, the rest is kept.
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK", b"Lab ": "LAB"}


def to_srgb(picture: Image.Image) -> Image.Image:
    """Convert to mode RGB in sRGB, transparent parts over `MATTE`.

    HLG and PQ, as `picture.info["code_points"]` states them, are mapped as those of clips are.
    Raises `Refusal` for 32-bit samples, whose white point no file states.
    """
    plain, alpha = _apart(_eight_bits(picture))
    primaries, transfer = picture.info.get("code_points", UNKNOWN)
    if bright := BRIGHT.get(transfer):  # no profile puts paper's white below a screen's
        pixels = np.asarray(plain.convert("RGB"))
        colours = Image.fromarray(to_sdr(pixels, bright, primaries))
    else:
        colours = _through_profile(plain, picture.info.get("icc_profile")) or _by_mode(plain)
    if alpha is not None:
        matte = Image.new("RGB", colours.size, (MATTE, MATTE, MATTE))
        return Image.composite(colours, matte, alpha)
    return colours


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit grey to its upper eight bits; Pillow itself would clip it, and does the rest so."""
    if picture.mode.startswith("I;16"):
        upper = (np.asarray(picture).astype(np.uint16) >> 8).astype(np.uint8)
        eight = Image.fromarray(upper)
        eight.info = {k: v for k, v in picture.info.items() if k != "transparency"}
        return eight
    if picture.mode in ("I", "F"):
        raise Refusal("has 32 bits per sample.", "Save it with 8 or 16 bits.")
    return picture


def _apart(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours without alpha, palette resolved, and the alpha if there is any."""
    if picture.mode == "La":
        picture = picture.convert("LA")
    elif picture.mode in ("PA", "RGBa") or _keyed(picture):
        picture = picture.convert("RGBA")
    if picture.mode in ("LA", "RGBA"):
        return picture.convert(picture.mode[:-1]), picture.getchannel("A")
    return (picture.convert("RGB") if picture.mode == "P" else picture), None


def _keyed(picture: Image.Image) -> bool:
    """Whether a palette has transparent entries, or one colour stands for transparent."""
    key = picture.info.get("transparency")
    if picture.mode == "P":
        return key is not None
    # the key of a 16-bit PNG says nothing about its upper eight bits
    levels = key if isinstance(key, tuple) else (key,)
    eight_bits = all(isinstance(level, int) and 0 <= level <= 255 for level in levels)
    return picture.mode in ("1", "L", "RGB") and eight_bits


def _through_profile(picture: Image.Image, icc: bytes | None) -> Image.Image | None:
    """The picture in sRGB by its embedded profile; None if there is none that fits."""
    if not icc:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        mode = _SPACES[icc[16:20]]  # where a profile's header names its colour space
        if mode == "RGB" and picture.mode in ("1", "L"):  # grey files often carry an RGB profile
            picture = picture.convert("RGB")
        return _transformed(picture, profile) if picture.mode == mode else None
    except (ImageCms.PyCMSError, OSError, KeyError, ValueError, TypeError):
        return None


def _by_mode(picture: Image.Image) -> Image.Image:
    if picture.mode == "LAB":
        return _transformed(picture, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    return picture.convert("RGB")


def _transformed(picture: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        picture,
        profile,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        renderingIntent=_INTENT,
        outputMode="RGB",
        flags=_FLAGS,
    )
    assert converted is not None  # only with inPlace there is no result
    return converted
