"""Mixing: sounds laid over one another, each with its gain and fades, as one stream of samples."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from studio.media.audio import BLOCK, CHANNELS, read_sound


@dataclass(frozen=True, slots=True)
class Voice:
    """`count` samples from `start` on of a file, from `begin` seconds of it on at `speed`.

    `offset` samples of the clip, which is `length` long, came before.  It fades in, linearly in
    amplitude, over its first `fade_in` samples and out over its last `fade_out`; `gain` is in
    decibels.
    """

    path: Path
    start: int
    count: int
    begin: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)
    gain: float = 0.0
    offset: int = 0
    length: int = 0
    fade_in: int = 0
    fade_out: int = 0


def mixed(voices: Sequence[Voice], total: int) -> Generator[np.ndarray]:
    """Yield `total` samples in blocks, float32 (n, 2); what goes beyond full scale is cut there.

    A file is open only while it is heard, and no more than a block of each is held.
    """
    waiting = sorted(voices, key=lambda voice: voice.start)
    with ExitStack() as files:
        open_: list[_Playing] = []
        for first in range(0, total, BLOCK):
            block = np.zeros((min(BLOCK, total - first), CHANNELS), np.float32)
            end = first + len(block)
            while waiting and waiting[0].start < end:
                voice = waiting.pop(0)
                samples = read_sound(
                    voice.path, begin=voice.begin, speed=voice.speed, count=voice.count
                )
                open_.append(_Playing(voice, files.enter_context(closing(samples))))
            for playing in open_:
                playing.add_to(block, first)
            open_ = [one for one in open_ if one.end > end]
            yield np.clip(block, -1, 1)


class _Playing:
    """A voice that is being heard, and what was read of it and not yet used."""

    def __init__(self, voice: Voice, samples: Generator[np.ndarray]) -> None:
        self._voice, self._samples = voice, samples
        self._rest = np.zeros((0, CHANNELS), np.float32)
        self._done = 0
        self.end = voice.start + voice.count

    def add_to(self, block: np.ndarray, first: int) -> None:
        """Add what sounds from sample `first` on; all before has been taken."""
        low = max(0, self._voice.start - first)
        wanted = min(len(block), self.end - first) - low
        if wanted > 0:
            block[low : low + wanted] += self._taken(wanted)

    def _taken(self, count: int) -> np.ndarray:
        parts, missing = [self._rest], count - len(self._rest)
        while missing > 0:
            part = next(self._samples)
            parts.append(part)
            missing -= len(part)
        joined = np.concatenate(parts)
        self._rest, taken = joined[count:], joined[:count]
        scaled = taken * _envelope(self._voice, self._done, count)[:, None]
        self._done += count
        return scaled


def _envelope(voice: Voice, done: int, count: int) -> np.ndarray:
    """By what each of `count` samples is multiplied, after `done` of the voice."""
    at = np.arange(count, dtype=np.float64) + (voice.offset + done)
    level = np.full(count, 10 ** (voice.gain / 20))
    if voice.fade_in:
        level *= np.clip(at / voice.fade_in, 0, 1)
    if voice.fade_out:
        level *= np.clip((voice.length - at) / voice.fade_out, 0, 1)
    return level.astype(np.float32)
