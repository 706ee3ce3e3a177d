"""Sound of files as samples: stereo, 48 000 a second, float32, exact to the sample."""

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from studio.media import ffmpeg
from studio.media.places import is_file
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal

RATE = 48_000
"""Samples a second of all sound in the studio, whatever a file has."""
CHANNELS = 2
BLOCK = RATE // 2
"""Samples that are held at once."""
PEAKS_PER_SECOND = 100
_PER_PEAK = RATE // PEAKS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Waveform:
    """`samples` of a file, and what a view draws of them: `peaks`, int8 (n, 2), the lowest and the
    highest value of both channels in each hundredth of a second, 127 for full scale."""

    samples: int
    peaks: np.ndarray

    def columns(self, first: float, end: float, count: int) -> np.ndarray:
        """Lows and highs, int8 (count, 2), of `count` equal columns from second `first` to `end`;
        silence where there is no sound."""
        edges = np.linspace(first * PEAKS_PER_SECOND, end * PEAKS_PER_SECOND, count + 1)
        drawn = np.zeros((count, 2), np.int8)
        if not len(self.peaks):
            return drawn
        lows = np.floor(edges[:-1]).astype(int)
        highs = np.maximum(np.ceil(edges[1:]).astype(int), lows + 1)
        there = (highs > 0) & (lows < len(self.peaks))
        # each reduced from its first peak to its last: `reduceat` takes them as pairs of places
        pairs = np.stack([lows.clip(0), highs.clip(0, len(self.peaks))], 1)[there].ravel()
        if len(pairs):
            padded = np.concatenate([self.peaks, self.peaks[-1:]])
            drawn[there, 0] = np.minimum.reduceat(padded[:, 0], pairs)[::2]
            drawn[there, 1] = np.maximum.reduceat(padded[:, 1], pairs)[::2]
        return drawn


def read_sound(
    path: Path, *, begin: Fraction = Fraction(0), speed: Fraction = Fraction(1), count: int | None
) -> Generator[np.ndarray]:
    """Yield exactly `count` samples of a file's first sound in blocks, float32 (n, 2), -1..1.

    They begin `begin` seconds into the file; what is faster or slower keeps its pitch; behind the
    file's end is silence.  With `count` None all there is comes.  The decoder ends with the
    iterator.  Raises `Refusal` for a file without sound.
    """
    left = count
    for block in _decoded(path, round(begin * RATE), speed):
        part = block if left is None else block[:left]
        yield part
        if left is not None:
            left -= len(part)
            if not left:
                return
    while left:
        yield np.zeros((min(left, BLOCK), CHANNELS), np.float32)
        left -= min(left, BLOCK)


def waveform(path: Path, tick: Tick = silent) -> Waveform:
    """How long a file's first sound is, and its peaks; `tick` hears of the seconds that were read.

    Raises `Refusal` for a file without sound.
    """
    samples, drawn, rest = 0, [], np.zeros((0, CHANNELS), np.float32)
    for block in read_sound(path, count=None):
        samples += len(block)
        joined = np.concatenate([rest, block])
        whole = len(joined) // _PER_PEAK * _PER_PEAK
        drawn.append(_peaks(joined[:whole].reshape(-1, _PER_PEAK * CHANNELS)))
        rest = joined[whole:]
        tick(Progress("reading the sound", samples // RATE, 0))
    if len(rest):
        drawn.append(_peaks(rest.reshape(1, -1)))
    return Waveform(samples, np.concatenate(drawn) if drawn else np.zeros((0, 2), np.int8))


def _peaks(rows: np.ndarray) -> np.ndarray:
    if not len(rows):
        return np.zeros((0, 2), np.int8)
    ends = np.stack([rows.min(1), rows.max(1)], 1)
    return np.clip(np.rint(ends * 127), -127, 127).astype(np.int8)


def _decoded(path: Path, skipped: int, speed: Fraction) -> Iterator[np.ndarray]:
    """Blocks of the sound after `skipped` samples.

    What is mono is heard on both sides as loud as it is: ffmpeg would take 3 dB off it.
    """
    channels = 1 if _is_mono(path) else CHANNELS
    filters = [f"aresample={RATE}:first_pts=0", f"atrim=start_sample={skipped}"]
    filters += [f"atempo={factor!r}" for factor in _tempos(float(speed))]
    arguments = [
        *ffmpeg.source(path), "-map", "0:a:0", "-af", ",".join(filters),
        "-ac", str(channels), "-ar", str(RATE), "-f", "f32le", "pipe:1",
    ]  # fmt: skip
    size = 4 * channels
    with _failure_refused(path), ffmpeg.running(arguments) as program:
        while data := program.output.read(BLOCK * size):
            block = np.frombuffer(data[: len(data) // size * size], "<f4").reshape(-1, channels)
            yield block if channels == CHANNELS else block.repeat(CHANNELS, 1)
        program.finish()


def _is_mono(path: Path) -> bool:
    """Whether a file's first sound has one channel, by its first packet."""
    arguments = [
        *ffmpeg.source(_existing(path)), "-map", "0:a:0", "-frames:a", "1",
        "-f", "framecrc", "pipe:1",
    ]  # fmt: skip
    with _failure_refused(path), ffmpeg.running(arguments) as program:
        header = program.output.read()
        program.finish()
    return b"channel_layout_name 0: mono" in header


def _tempos(speed: float) -> list[float]:
    """Factors whose product is `speed`, each within what ffmpeg's time stretching takes."""
    if speed == 1:
        return []
    steps = max(1, math.ceil(abs(math.log2(speed))))
    return [speed ** (1 / steps)] * steps


def _existing(path: Path) -> Path:
    if not is_file(path):
        raise Refusal(f"{path} is not a file.", "Choose a file with sound.")
    return path


@contextmanager
def _failure_refused(path: Path) -> Iterator[None]:
    try:
        yield
    except ffmpeg.Failed as error:
        raise Refusal(
            f"{path.name} has no sound that can be read.",
            "Choose a music file or a clip with sound.",
        ) from error
