"""Which sizes and frame rates an export format can hold; known before anything is rendered."""

import math
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from pathlib import Path

from studio.media.naming import check_name, numbered
from studio.media.places import is_file, is_folder
from studio.spec.refusal import Refusal
from studio.spec.timing import spelled_out

Size = tuple[int, int]
"""(width, height) in pixels."""


@dataclass(frozen=True, slots=True)
class Format:
    """What one file ending can hold: sides in pixels, both ends included, and frames a second."""

    step: int
    longest: int
    fastest: int
    slowest: Fraction = Fraction(0)


FORMATS = {
    # 4:2:0 chroma has half the rows and columns, and H.264 players expect whole ones
    ".mp4": Format(step=2, longest=16384, fastest=1000),
    ".mov": Format(step=1, longest=16384, fastest=1000),
    ".webm": Format(step=1, longest=16384, fastest=1000),
    # times are whole milliseconds
    ".webp": Format(step=1, longest=16383, fastest=240, slowest=Fraction(1, 16_000)),
    ".avif": Format(step=1, longest=16384, fastest=1000),
    # delays are whole hundredths of a second in two bytes; shorter than two is slowed down by viewers
    ".gif": Format(step=1, longest=65535, fastest=50, slowest=Fraction(100, 65535)),
    ".png": Format(step=1, longest=65535, fastest=1000),
}


def format_of(path: Path) -> Format:
    """The format that `path`'s ending names; no ending means a folder of PNG frames.

    Raises `Refusal` for an unknown ending.
    """
    suffix = ".png" if means_folder(path) else path.suffix.lower()
    if suffix not in FORMATS:
        raise Refusal(
            f"{path.name} has an ending that the studio cannot write.",
            f"Use one of {', '.join(FORMATS)}, or a folder for single frames.",
        )
    return FORMATS[suffix]


def means_folder(path: Path) -> bool:
    """Whether an export to `path` writes one PNG per frame into a folder."""
    return is_folder(path) or not path.suffix


def written(path: Path, frames: int) -> int:
    """How many of so many frames an export to `path` writes: a single PNG holds the first."""
    single = path.suffix.lower() == ".png" and not means_folder(path) and not numbered(path.name)
    return min(frames, 1) if single else frames


def playable(size: Size, suffix: str) -> bool:
    """Whether a file with this ending (".mp4") can hold frames of `size`."""
    rules = FORMATS[suffix.lower()]
    return all(0 < side <= rules.longest and side % rules.step == 0 for side in size)


def fitting_sizes(size: Size, suffix: str) -> tuple[Size, Size]:
    """The nearest sizes below and above `size` that the ending can hold; equal where it fits."""
    rules = FORMATS[suffix.lower()]
    lowest, highest = rules.step, rules.longest // rules.step * rules.step

    def nearest(side: int, rounded: int) -> int:
        return min(max(rounded * rules.step, lowest), highest)

    below = (nearest(size[0], size[0] // rules.step), nearest(size[1], size[1] // rules.step))
    above = (
        nearest(size[0], -(-size[0] // rules.step)),
        nearest(size[1], -(-size[1] // rules.step)),
    )
    return below, above


def frame_rate(fps: Rational | float) -> Fraction:
    """`fps` as an exact fraction, 24000/1001 for 23.976.

    Raises `Refusal` unless it is a positive finite number.
    """
    if not math.isfinite(fps) or fps <= 0:
        raise Refusal(f"{fps} is not a frame rate.", "Use a number above 0, such as 24.")
    return spelled_out(Fraction(fps))


def check_export(path: Path, *, size: Size, fps: Rational | float) -> None:
    """Say no, before anything is rendered, to what the format of `path` cannot hold.

    Raises `Refusal` for an unknown ending, a file in the place of a folder, a name that cannot be,
    a frame rate or a size that does not fit.
    """
    check_name(path, tuple(FORMATS))
    if means_folder(path) and is_file(path):
        raise Refusal(
            f"{path} is a file; without an ending, a folder of single frames is meant.",
            f"Add an ending, one of {', '.join(FORMATS)}, or choose another name.",
        )
    rules, rate = format_of(path), frame_rate(fps)
    if rate > rules.fastest:
        raise Refusal(
            f"{path.name} cannot play {float(rate):g} frames a second.",
            f"Use at most {rules.fastest}, or another format.",
        )
    if rate < rules.slowest:
        raise Refusal(
            f"{path.name} cannot show a frame for {float(1 / rate):g} s.",
            f"Its longest is {float(1 / rules.slowest):.2f} s; use a higher rate or another format.",
        )
    suffix = ".png" if means_folder(path) else path.suffix
    if min(size) <= 0:
        raise Refusal(f"{size[0]} × {size[1]} is not a picture size.", "Use sides above 0.")
    if not playable(size, suffix):
        below, above = (f"{w} × {h}" for w, h in fitting_sizes(size, suffix))
        nearest = below if below == above else f"{below} or {above}"
        raise Refusal(
            f"{path.name} cannot hold frames of {size[0]} × {size[1]} pixels.", f"Use {nearest}."
        )
