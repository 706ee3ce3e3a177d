"""A clip of a timeline: for how many frames it plays, and what it shows, says or sounds.

No position is stored: a clip knows the gap before it, so that two on one track cannot overlap.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from studio.spec.bounds import (
    ID,
    LABEL,
    TEXT,
    anything,
    between,
    either,
    is_name,
    misfits,
    nothing,
    several,
    text,
)
from studio.spec.request import MAX_STRENGTH
from studio.spec.timing import SLOWEST

LONGEST = 100_000_000
"""Frames of a timeline; four and a half days at 240 a second."""
FASTEST_MEDIUM = 1_000_000
"""Frames or samples of a medium in a second."""
SLOWEST_SPEED, FASTEST_SPEED = Fraction(1, 100), Fraction(100)
QUIETEST, LOUDEST = -120.0, 24.0
"""Decibels."""
FINEST = 2**64
"""The largest denominator of a place in a medium: far finer than any edit makes it."""
LONGEST_FOREIGN = 1_000_000
"""Characters of what is kept of another program's."""

_OPTIONAL_ID = either(nothing, ID)


def _fine(low: Fraction, high: Fraction | int):
    return lambda value: low <= value <= high and value.denominator <= FINEST


@dataclass(frozen=True, slots=True)
class Footage:
    """A medium from a place on: a `take` of a `shot`, or an `asset`; of none, it is missing.

    `begin` is that place, in frames (of sound: samples) of the medium, of which there are `rate` in
    a second; `speed` is how many seconds of it pass in one.  A shot without a take is yet to be made.
    What is `blended` shows two frames mixed where it lies between them, else the nearest.
    """

    rate: Fraction
    begin: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)
    shot: str = ""
    take: str = ""
    asset: str = ""
    blended: bool = False

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no edit makes."""
        yield from misfits(
            self, rate=_fine(SLOWEST, FASTEST_MEDIUM), begin=_fine(Fraction(0), 2**53),
            speed=_fine(SLOWEST_SPEED, FASTEST_SPEED), shot=_OPTIONAL_ID, take=_OPTIONAL_ID,
            asset=_OPTIONAL_ID,
        )  # fmt: skip
        if (self.asset and (self.shot or self.take)) or (self.take and not self.shot):
            yield "take"

    @property
    def medium(self) -> str:
        """The id of the take or asset that is shown, or ""."""
        return self.take or self.asset

    def step(self, rate: Fraction) -> Fraction:
        """Frames of the medium that pass in one frame of a timeline at `rate`."""
        return self.rate * self.speed / rate

    def frame(self, number: int, rate: Fraction) -> int:
        """The frame of the medium that frame `number` of the clip shows: the nearest, as in
        `studio.spec.timing.retimed`."""
        return (self.begin + number * self.step(rate) + Fraction(1, 2)).__floor__()

    def mix(self, number: int, rate: Fraction) -> tuple[int, int]:
        """What frame `number` of a blended clip shows: a frame of the medium, and how much of the one
        after it, 0..255 of 256; of one that is not blended the nearest alone."""
        if not self.blended:
            return self.frame(number, rate), 0
        place = self.begin + number * self.step(rate)
        first = place.__floor__()
        return first, int((place - first) * 256)

    def later(self, frames: int, rate: Fraction) -> "Footage":
        """The same from `frames` of the timeline later on; exactly what was shown there."""
        return replace(self, begin=bounded(self.begin + frames * self.step(rate)))

    def of_take(self, take: str, shot: str, rate: Fraction) -> "Footage":
        """The same time of another take, which counts `rate` frames a second."""
        begin = bounded(self.begin * rate / self.rate)
        return replace(self, take=take, shot=shot, asset="", rate=rate, begin=begin)


def bounded(begin: Fraction) -> Fraction:
    """A place in a medium, exactly, unless dozens of rates and speeds have been mixed in it."""
    return begin if begin.denominator <= FINEST else begin.limit_denominator(FINEST)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A `subject` of the studio by its name, or a `lora` by its file's name, at a strength."""

    subject: str = ""
    lora: str = ""
    strength: float = 1.0
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody can choose."""
        name = either(nothing, is_name)
        yield from misfits(
            self, subject=name, lora=name, strength=between(-MAX_STRENGTH, MAX_STRENGTH)
        )
        if bool(self.subject) == bool(self.lora) or (self.subject and self.strength < 0):
            yield "subject"


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of the picture while a prompt clip plays, and with which adapters."""

    text: str = ""
    adapters: tuple[Adapter, ...] = ()

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody can choose."""
        yield from misfits(self, text=TEXT, adapters=several(anything, most=100))


@dataclass(frozen=True, slots=True)
class Sound:
    """How a clip sounds: `gain` in decibels, fades in frames of the timeline."""

    gain: float = 0.0
    fade_in: int = 0
    fade_out: int = 0

    def unfit(self) -> Iterator[str]:
        """Fields that hold what nobody can choose."""
        fade = between(0, LONGEST)
        yield from misfits(self, gain=between(QUIETEST, LOUDEST), fade_in=fade, fade_out=fade)

    def within(self, length: int) -> "Sound":
        """With fades that a clip of this length has room for; the first one goes before."""
        fade_in = min(self.fade_in, length)
        return replace(self, fade_in=fade_in, fade_out=min(self.fade_out, length - fade_in))


@dataclass(frozen=True, slots=True)
class Foreign:
    """What another program put on a clip, track or timeline and nothing here knows: its `kind` and
    `name`, and `text` as it was read, to be written out again."""

    kind: str
    name: str = ""
    text: str = ""
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what is not kept."""
        yield from misfits(self, kind=LABEL, name=LABEL, text=text(LONGEST_FOREIGN))


@dataclass(frozen=True, slots=True)
class Clip:
    """`length` frames of a track, `gap` frames after the end of the clip before (or the start).

    A clip of a video track has `footage`, of a prompt track `words`, of an audio track `footage` and
    `sound`.  Clips with the same `link` move, split and go together.  Where its head or tail is
    `held`, it was made to go on from the exact last frame of the clip before it, or to lead to the
    exact first frame of the one after it.
    """

    id: str
    length: int
    gap: int = 0
    name: str = ""
    footage: Footage | None = None
    words: Words | None = None
    sound: Sound | None = None
    link: str = ""
    held_head: bool = False
    held_tail: bool = False
    foreign: tuple[Foreign, ...] = ()
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no edit makes."""
        yield from misfits(
            self, id=ID, length=between(1, LONGEST), gap=between(0, LONGEST), name=LABEL,
            link=_OPTIONAL_ID, foreign=several(anything, most=1000),
        )  # fmt: skip
        if self.sound is not None and self.sound != self.sound.within(self.length):
            yield "sound"

    @property
    def kind(self) -> str:
        """On which kind of track it plays: "video", "prompt" or "audio"; "" where it is unclear."""
        has = (self.footage is not None, self.words is not None, self.sound is not None)
        return _KINDS.get(has, "")


_KINDS = {
    (True, False, False): "video",
    (False, True, False): "prompt",
    (True, False, True): "audio",
}
KINDS = tuple(_KINDS.values())


def part_of(clip: Clip, first: int, end: int, rate: Fraction) -> Clip:
    """Frames `first` to before `end` of a clip as a clip, without a gap.

    It shows the same frames; fades and held edges stay where they were.
    """
    if (first, end) == (0, clip.length):
        return replace(clip, gap=0)
    sound = clip.sound and replace(
        clip.sound,
        fade_in=0 if first else clip.sound.fade_in,
        fade_out=0 if end < clip.length else clip.sound.fade_out,
    ).within(end - first)
    return replace(
        clip,
        length=end - first,
        gap=0,
        footage=clip.footage and clip.footage.later(first, rate),
        sound=sound,
        held_head=clip.held_head and first == 0,
        held_tail=clip.held_tail and end == clip.length,
    )
