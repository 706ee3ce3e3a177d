"""A track: clips one after the other, with gaps; where each begins follows from their lengths."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from studio.spec.bounds import ID, LABEL, anything, misfits, several
from studio.spec.timeline.clip import KINDS, Clip, Foreign

Placed = tuple[int, Clip]
"""A clip and the frame at which it begins."""


@dataclass(frozen=True)
class Track:
    """`clips` in the order in which they play.  One that is not `on` is neither seen nor heard.

    A `locked` track is left as it is by every edit.  A `synced` one moves along where another
    ripples.
    """

    id: str
    kind: str
    name: str = ""
    clips: tuple[Clip, ...] = ()
    on: bool = True
    locked: bool = False
    synced: bool = True
    foreign: tuple[Foreign, ...] = ()
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no edit makes."""
        yield from misfits(
            self, id=ID, kind=KINDS.__contains__, name=LABEL, clips=several(anything),
            foreign=several(anything, most=1000),
        )  # fmt: skip
        if any(clip.kind != self.kind for clip in self.clips):
            yield "clips"

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The frame at which each clip begins."""
        starts, end = [], 0
        for clip in self.clips:
            starts.append(end + clip.gap)
            end += clip.gap + clip.length
        return tuple(starts)

    @property
    def length(self) -> int:
        """Frames until the end of the last clip."""
        return self.end(len(self.clips) - 1) if self.clips else 0

    def end(self, number: int) -> int:
        """The frame after the last of clip `number`; 0 for -1, the start of the track."""
        return self.starts[number] + self.clips[number].length if number >= 0 else 0

    def before(self, frame: int) -> int:
        """The number of the last clip that begins at `frame` or before; -1 where there is none."""
        return bisect_right(self.starts, frame) - 1

    def at(self, frame: int) -> int | None:
        """The number of the clip that plays at `frame`, by bisection; None in a gap."""
        number = self.before(frame)
        return number if number >= 0 and frame < self.end(number) else None

    def from_frame(self, frame: int) -> int:
        """The number of the first clip that begins at `frame` or later."""
        return bisect_left(self.starts, frame)

    def within(self, first: int, end: int) -> range:
        """The numbers of the clips that play anywhere from `first` to before `end`."""
        low = self.before(first)
        if low < 0 or self.end(low) <= first:
            low += 1
        return range(low, max(low, self.from_frame(end)))

    def placed(self) -> list[Placed]:
        """Each clip with the frame at which it begins."""
        return list(zip(self.starts, self.clips, strict=True))


def laid(track: Track, placed: Iterable[Placed]) -> Track:
    """A track with these clips at these frames.  ValueError where they overlap."""
    clips, end = [], 0
    for start, clip in sorted(placed, key=lambda pair: pair[0]):
        if start < end:
            raise ValueError(f"the clip {clip.id} begins at {start}, before {end}")
        clips.append(clip if clip.gap == start - end else replace(clip, gap=start - end))
        end = start + clip.length
    return replace(track, clips=tuple(clips))
