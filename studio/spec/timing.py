"""Frames and seconds.  Rates are exact fractions; a clip of n frames lasts (n − 1) / fps."""

from fractions import Fraction

from studio.spec.numbers import exact
from studio.spec.refusal import Refusal, shown

SLOWEST, FASTEST = Fraction(1, 1000), 240
_NTSC = tuple(Fraction(whole * 1000, 1001) for whole in (12, 15, 24, 30, 48, 60, 96, 120, 240))
"""Rates of television, of which people write two or three decimals: 23.976, 23.98, 29.97."""
_SPELLED = Fraction(1, 3500)
"""How far, of itself, such a spelling lies off: 24 lies three times as far from 24000/1001."""


def frame_rate(given: str | float | Fraction) -> Fraction:
    """A rate as a person or a file spells it: 24, 23.976, "23,976", "30000/1001".

    23.976 and 29.97 mean 24000/1001 and 30000/1001, as in every editing program.  Raises `Refusal`
    for what is no number from `SLOWEST` to `FASTEST`, whatever it is written like.
    """
    text = given if isinstance(given, str) else str(given)
    try:
        rate = given if isinstance(given, Fraction) else exact(text)
    except ValueError:
        raise Refusal(f"{shown(text)} is not a frame rate.", "Use a number, e.g. 24.") from None
    if not SLOWEST <= rate <= FASTEST:
        raise Refusal(
            f"{shown(text)} frames per second cannot be played.",
            f"Use {float(SLOWEST):g} to {FASTEST}.",
        )
    return spelled_out(rate).limit_denominator(1001)


def spelled_out(rate: Fraction) -> Fraction:
    """24000/1001 for 23.976 or 23.98; any other rate as it is."""
    return next((ntsc for ntsc in _NTSC if abs(ntsc - rate) < rate * _SPELLED), rate)


def frames_in(seconds: float, fps: Fraction) -> int:
    """Frames of a clip that lasts `seconds` between its first and last."""
    if not 0 <= seconds < 3600:
        raise Refusal(
            f"A clip cannot last {seconds:g} s.", "Use more than 0 s and less than 3600 s."
        )
    return round(Fraction(repr(float(seconds))) * fps) + 1


def retimed(count: int, native: Fraction, wanted: Fraction) -> tuple[int, ...]:
    """Which source frame each output frame shows, so that speed does not change with the rate."""
    total = int(Fraction(count - 1) / native * wanted) + 1
    return tuple(min(count - 1, int(k * native / wanted + Fraction(1, 2))) for k in range(total))
