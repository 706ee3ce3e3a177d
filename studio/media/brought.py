"""What a file of the user's holds: a picture, a film, sound; each found by reading it, not by its
name."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from studio.media.audio import RATE
from studio.media.container import packets, probe
from studio.media.photo import open_photo
from studio.media.suffixes import PICTURES
from studio.media.waveforms import kept_waveform
from studio.spec.progress import Tick, silent
from studio.spec.refusal import Refusal
from studio.spec.timeline.bringing import Brought

MOST = 10_000_000
"""Packets that are counted of a film: more than a day of it."""


def look(path: Path, kept_in: Path, tick: Tick = silent) -> Brought:
    """What a file holds; its waveform is kept in a folder of derived files.

    Frames are counted one by one, by their packets: nothing that plays later is lacking.  Raises
    `Refusal` for what can neither be seen nor heard.
    """
    if path.suffix.lower() in PICTURES:  # first; what moves is read as a film all the same
        with suppress(Refusal):
            return _picture(path)
    seen = _film(path, tick)
    samples = _samples(path, kept_in, tick)
    if seen is None and not samples:
        raise Refusal(
            f"{path.name} can neither be seen nor heard.",
            "Choose a video, a picture or a sound file.",
        )
    if seen is None:
        return Brought(samples=samples)
    return Brought(seen.frames, seen.rate, seen.width, seen.height, samples, Fraction(RATE))


def _picture(path: Path) -> Brought:
    height, width = open_photo(path).shape[:2]
    return Brought(1, width=width, height=height)


def _film(path: Path, tick: Tick) -> Brought | None:
    try:
        facts = probe(path, tick)
    except Refusal:
        return None
    if facts.frames == 1:
        return Brought(1, width=facts.width, height=facts.height)
    frames = len(packets(path, MOST, tick)[0])
    return Brought(frames, facts.fps, facts.width, facts.height)


def _samples(path: Path, kept_in: Path, tick: Tick) -> int:
    try:
        return kept_waveform(path, kept_in, tick).samples
    except Refusal:
        return 0
