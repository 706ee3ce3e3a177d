"""Numbers as people say them, always with their unit."""

from fractions import Fraction


def duration(seconds: float) -> str:
    """A length of time in at most two units: "40 s", "4 min", "1 h 20 min"."""
    if seconds < 59.5:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def time_left(seconds: float | None) -> str:
    """What to say about the time a job still needs; None while nobody knows."""
    return "estimating time left" if seconds is None else f"{duration(seconds)} left"


def memory(size: float) -> str:
    """Bytes as "512 MB", "7.9 GB" or "20 GB" (powers of 1024, as graphics cards count)."""
    mebibytes = size / 2**20
    if mebibytes < 1000:
        return f"{mebibytes:.0f} MB" if mebibytes >= 1 or not size else "under 1 MB"
    gibibytes = mebibytes / 1024
    return f"{gibibytes:.1f} GB" if gibibytes < 10 else f"{gibibytes:.0f} GB"


def clip_length(frames: int, fps: Fraction) -> str:
    """Seconds between the first and the last of `frames`."""
    return f"{float((frames - 1) / fps):.1f} s"


def rate(fps: Fraction) -> str:
    """Frames per second: "8 fps", "23.98 fps"."""
    return f"{float(fps):.4g} fps"


def count(number: int, noun: str, nouns: str = "") -> str:
    """ "1 photo", "3 photos", "1 200 frames"; `nouns` where there is more to it than an s."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}".replace(",", "\u202f")


def timecode(frame: int, fps: Fraction) -> str:
    """Minutes, seconds and frames: "0:02:03"; frames count from 0 within each second."""
    second = int(frame / fps)
    first = -int(-second * fps // 1)
    return f"{second // 60}:{second % 60:02d}:{frame - first:02d}"


def listed(names: list[str], most: int = 8) -> str:
    """Some names in a sentence, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
