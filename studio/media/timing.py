"""The frame rate that a clip's time stamps mean, exact although containers round them."""

from collections.abc import Sequence
from fractions import Fraction

_NEAR = Fraction(1, 10_000)  # 24 and 24000/1001 lie ten times farther apart

_COARSE = Fraction(1, 100)  # GIF declares no rate: what ffmpeg then reports is its own guess


def frame_rate_of(shown: Sequence[int], time_base: Fraction, declared: Fraction) -> Fraction:
    """The rate in frames per second of frames shown at these multiples of `time_base` seconds.

    Stamps that are the `declared` rate rounded to the time base (milliseconds in WebM) give that
    rate, in its exact spelling; other even stamps the plainest rate they can mean; uneven stamps
    their mean.  One frame has the declared rate.
    """
    span, steps = (shown[-1] - shown[0], len(shown) - 1) if shown else (0, 0)
    if span <= 0:
        return _spelled(declared)
    mean = Fraction(steps, span) / time_base
    if not _even(shown, Fraction(span, steps)):
        return mean
    slowest = Fraction(steps, span + 1) / time_base
    fastest = Fraction(steps, span - 1) / time_base if span > 1 else mean * 2
    candidates = [_spelled(declared)] if time_base < _COARSE else []
    candidates += [mean.limit_denominator(1), _ntsc(mean)]
    candidates += [mean.limit_denominator(most) for most in range(2, 13)]
    return next((rate for rate in candidates if slowest <= rate <= fastest), mean)


def _even(shown: Sequence[int], step: Fraction) -> bool:
    """Whether every stamp lies within one unit of an even spacing."""
    return all(abs(at - shown[0] - index * step) <= 1 for index, at in enumerate(shown))


def _spelled(rate: Fraction) -> Fraction:
    """24000/1001 for what a container stored as 23.97602."""
    usual = (rate.limit_denominator(1), _ntsc(rate), rate.limit_denominator(100))
    return next((plain for plain in usual if abs(plain - rate) <= rate * _NEAR), rate)


def _ntsc(rate: Fraction) -> Fraction:
    return Fraction(round(rate * 1001 / 1000) * 1000, 1001)
