"""Brighter than a screen's white (HLG and PQ of BT.2100) to BT.709, by one curve everywhere.

Paper white (203 nits, BT.2408) stays below a screen's white, and what is brighter, up to 1000 nits,
is rolled off (Möbius).  The curve looks at the brightest channel and scales all three, so that hues
are kept; the brighter than paper, the nearer to grey.
"""

import numpy as np

WHITE, PEAK = 203.0, 1000.0
"""Nits: what paper is graded to, and what keeps its detail."""
_KNEE = 0.3
"""Up to this share of white, light stays as it is."""
_LINEAR = f"zscale=transfer=linear:npl={WHITE:g},format=gbrpf32le,zscale=primaries=bt709"
# the filter weighs the channels by a matrix that RGB frames have no need to name
_CURVE = (
    "setparams=colorspace=bt709,"
    f"tonemap=tonemap=mobius:param={_KNEE:g}:desat=1:peak={PEAK / WHITE:.4f},"
    "setparams=colorspace=gbr"
)
_BACK = "zscale=transfer=iec61966-2-1:matrix=bt709:range=tv:dither=none,format=yuv444p"
FILTERS = f"{_LINEAR},{_CURVE},{_BACK}"
"""ffmpeg's filters from either to BT.709 light in the curve of sRGB."""
BRIGHT = {16: "smpte2084", 18: "arib-std-b67"}
"""The code points of ITU-T H.273 for PQ and HLG, and ffmpeg's names for them."""

_TO_709 = {
    1: np.eye(3),
    9: np.array(
        [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    ),
    12: np.array([[1.2249, -0.2249, 0.0], [-0.0421, 1.0421, 0.0], [-0.0196, -0.0786, 1.0982]]),
}
"""From the primaries of BT.709, BT.2020 and P3 (D65), by their code points."""
_LUMA = np.array([0.2126, 0.7152, 0.0722])


def to_sdr(pixels: np.ndarray, transfer: str, primaries: int = 9) -> np.ndarray:
    """Pixels (H, W, 3), uint8, in "smpte2084" or "arib-std-b67", as sRGB, uint8.

    `primaries` is their code point; those that are not known here are taken for BT.2020's.
    """
    flat, to_709 = pixels.reshape(-1, 3), _TO_709.get(primaries, _TO_709[9])
    shown = np.empty_like(flat)
    for start in range(
        0, len(flat), 1 << 20
    ):  # a photo in floats would need sixteen times its size
        part = slice(start, start + (1 << 20))
        shown[part] = _encoded(_rolled_off(_light(flat[part], transfer, to_709)))
    return shown.reshape(pixels.shape)


def _light(codes: np.ndarray, transfer: str, to_709: np.ndarray) -> np.ndarray:
    """Linear BT.709 light, 1 at paper white."""
    levels = np.linspace(0, 1, 256)
    if transfer == "smpte2084":
        light = (_from_pq(levels) / WHITE)[codes]
    else:
        scene = _from_hlg(levels)[codes]
        luminance = np.maximum(scene @ (_LUMA @ to_709), 0)
        light = scene * luminance[:, None] ** 0.2 * (PEAK / WHITE)
    return np.maximum(light @ to_709.T, 0)


def _from_pq(codes: np.ndarray) -> np.ndarray:
    """Nits (SMPTE ST 2084)."""
    root = codes ** (32 / 2523)
    share = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return 10_000 * share ** (16384 / 2610)


def _from_hlg(codes: np.ndarray) -> np.ndarray:
    """Scene light from 0 to 1 (ARIB STD-B67)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)


def _rolled_off(light: np.ndarray) -> np.ndarray:
    luma = (light @ _LUMA)[:, None]
    grey = np.maximum(luma - 1, 0) / np.maximum(luma, 1e-6)
    light = light + (luma - light) * grey
    brightest = np.maximum(light.max(1, keepdims=True), 1e-6)
    peak = PEAK / WHITE
    a = -(_KNEE**2) * (peak - 1) / (_KNEE**2 - 2 * _KNEE + peak)
    b = (_KNEE**2 - 2 * _KNEE * peak + peak) / (peak - 1)
    scale = (b * b + 2 * b * _KNEE + _KNEE**2) / (b - a)
    mapped = np.where(brightest <= _KNEE, brightest, scale * (brightest + a) / (brightest + b))
    return np.clip(light * mapped / brightest, 0, 1)


def _encoded(light: np.ndarray) -> np.ndarray:
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(255 * shown).astype(np.uint8)
