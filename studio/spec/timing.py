"""Frames and seconds.  Rates are exact fractions; a clip of n frames lasts (n − 1) / fps."""

from fractions import Fraction

from studio.spec.refusal import Refusal

FASTEST = 240


def frame_rate(text: str | float | Fraction) -> Fraction:
    """A rate from what a person or a file says: 24, 23.976, "30000/1001".  0 < fps ≤ 240."""
    try:
        fps = Fraction(text) if isinstance(text, str | Fraction) else Fraction(repr(text))
        fps = fps.limit_denominator(1001)
    except (ValueError, ZeroDivisionError):
        raise Refusal(f"{text} is not a frame rate.", "Use a number such as 8 or 24.") from None
    if not 0 < fps <= FASTEST:
        raise Refusal(f"{text} frames per second cannot be played.", f"Use 1 to {FASTEST}.")
    return fps


def frames_in(seconds: float, fps: Fraction) -> int:
    """Frames of a clip that lasts `seconds` between its first and last."""
    if not 0 <= seconds < 3600:
        raise Refusal(f"A clip cannot last {seconds} s.", "Use a length between 0 and 3600 s.")
    return round(Fraction(repr(float(seconds))) * fps) + 1


def retimed(count: int, native: Fraction, wanted: Fraction) -> tuple[int, ...]:
    """Which source frame each output frame shows, so that speed does not change with the rate."""
    total = int(Fraction(count - 1) / native * wanted) + 1
    return tuple(min(count - 1, int(k * native / wanted + Fraction(1, 2))) for k in range(total))
