"""Brighter than a screen's white (HLG and PQ of BT.2100) to BT.709, by one curve everywhere.

A grey card's white (203 nits, BT.2408) stays just below white; up to 1000 nits are rolled off, and
hues kept, since the curve looks at the brightest channel and scales all three.
"""

WHITE, PEAK = 203.0, 1000.0
"""Nits: what papers are graded to, and what keeps its detail."""
_KNEE = 0.3
"""Up to this share of white, light stays as it is."""

_LINEAR = f"zscale=transfer=linear:npl={WHITE:g},format=gbrpf32le,zscale=primaries=bt709"
_CURVE = f"tonemap=tonemap=mobius:param={_KNEE:g}:desat=0:peak={PEAK / WHITE:.4f}"
_BACK = "zscale=transfer=bt709:matrix=bt709:range=tv:dither=none,format=yuv444p"
_CHAIN = f"{_LINEAR},{_CURVE},{_BACK}"
TO_SDR = {"arib-std-b67": _CHAIN, "smpte2084": _CHAIN}
"""ffmpeg's filters for each transfer, as its listing names them."""
