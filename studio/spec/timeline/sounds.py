"""What a stretch of a timeline sounds like: which samples of which media, exactly where and how loud."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from studio.spec.timeline.clip import Clip
from studio.spec.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Audible:
    """`count` samples from `start` on, of the asset or take that a clip names.

    They begin `begin` seconds into that medium, of which `speed` seconds pass in one; `offset` of
    the clip's `length` samples came before.  Fades are in samples of the clip, `gain` in decibels.
    """

    clip: Clip
    start: int
    count: int
    begin: Fraction
    speed: Fraction
    gain: float
    offset: int
    length: int
    fade_in: int
    fade_out: int


def audible(timeline: Timeline, first: int, end: int, rate: int) -> Iterator[Audible]:
    """What is heard from frame `first` to before `end`, at `rate` samples a second, in any order.

    Sample 0 is the beginning of frame `first`.  Each place is rounded once from its exact time, so
    that clips that follow one another leave neither a gap nor an overlap of a sample.
    """
    zero = samples_at(first, timeline.rate, rate)
    for track in timeline.tracks:
        if track.kind != "audio" or not track.on:
            continue
        for number in track.within(first, end):
            clip, start = track.clips[number], track.starts[number]
            low, high = max(start, first), min(start + clip.length, end)
            yield _audible(timeline.rate, clip, start, low, high, rate, zero)


def _audible(
    fps: Fraction, clip: Clip, start: int, low: int, high: int, rate: int, zero: int
) -> Audible:
    def at(frame: int) -> int:
        return samples_at(frame, fps, rate)

    footage, sound = clip.footage, clip.sound
    assert footage is not None
    assert sound is not None
    begin = footage.begin / footage.rate + Fraction(low - start) / fps * footage.speed
    end = start + clip.length
    return Audible(
        clip, at(low) - zero, at(high) - at(low), begin, footage.speed, sound.gain,
        at(low) - at(start), at(end) - at(start),
        at(start + sound.fade_in) - at(start), at(end) - at(end - sound.fade_out),
    )  # fmt: skip


def samples_at(frame: int, fps: Fraction, rate: int) -> int:
    """How many samples, of `rate` in a second, come before a frame: its exact time rounded once."""
    return round(Fraction(frame) / fps * rate)
