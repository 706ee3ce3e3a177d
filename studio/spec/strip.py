"""A strip of keyframes: what makes each of them, and the edits that the keyframe desk offers.

Every edit is a clip with holes again.  A strip is frozen; an edit returns another one and leaves
what it does not touch as it was, so that nothing else gets a new key.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from studio.spec.bounds import (
    AT_ONCE,
    KEY,
    MAX_ITEMS,
    SEED,
    TEXT,
    anything,
    between,
    either,
    hexes,
    misfits,
    nothing,
    several,
)
from studio.spec.part import FRAMES, LATENTS

CONTEXT = 2
"""Keyframes that a prediction is given: two of them tell where things are going (section 3.3)."""
FARTHEST = 10_000_000
"""Places from the start, before or after it, at which a keyframe may have been made."""
BRIDGE = 4
"""Keyframes that lead back to the start when a strip becomes a loop."""


@dataclass(frozen=True, slots=True)
class Keyframe:
    """The `frame`-th frame of a strip's `source`-th source; `locked` against being made anew."""

    source: int
    frame: int
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What makes keyframes: a fill, or a `picture` (hash of its bytes), or a `take` (span key).

    A fill has one entry of `given` per frame, None for a hole; its frames lie at consecutive
    positions from `first`, to which the noise belongs.  Without a `seed` or `prompt` of its own
    it follows the request.  Of a take `space` says whether it holds "latents" or "frames".
    """

    first: int = 0
    given: tuple[Keyframe | None, ...] = ()
    seed: int | None = None
    prompt: str | None = None
    picture: str = ""
    take: str = ""
    space: str = LATENTS

    @property
    def is_prediction(self) -> bool:
        """Whether all frames given to it lie on one side."""
        given = [frame is not None for frame in self.given]
        return given[:1] != given[-1:] and given in (sorted(given), sorted(given, reverse=True))

    @property
    def frames(self) -> int:
        """How many frames it has; of a take as many as anyone may ask for."""
        return MAX_ITEMS if self.take else max(1, len(self.given))

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no edit makes: it is a fill with holes, a picture, or a take."""
        hashed = either(nothing, hexes(32, 32))
        yield from misfits(
            self, first=between(-FARTHEST, FARTHEST), given=several(anything, most=AT_ONCE), seed=SEED,
            prompt=TEXT, picture=hashed, take=either(nothing, KEY),
            space=(LATENTS, FRAMES).__contains__,
        )  # fmt: skip
        if [bool(self.given), bool(self.picture), bool(self.take)].count(True) != 1 or (
            self.given and None not in self.given
        ):
            yield "given"


@dataclass(frozen=True, slots=True)
class Strip:
    """Keyframes in the order in which they play.  Sources refer only to earlier ones.

    In a `loop` the first keyframe follows the last.
    """

    sources: tuple[Source, ...]
    keys: tuple[Keyframe, ...]
    loop: bool = False

    def position(self, key: Keyframe) -> int:
        """Where a keyframe lay when it was made; its noise, and that of what follows, is there."""
        return self.sources[key.source].first + key.frame

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no edit makes: keyframes of sources that are not there, or later."""
        yield from misfits(self, sources=several(anything), keys=several(anything, fewest=1))
        for number, source in enumerate(self.sources):
            if not all(key is None or self._is_made(key, number) for key in source.given):
                yield "sources"
        if not all(self._is_made(key, len(self.sources)) for key in self.keys):
            yield "keys"

    def _is_made(self, key: Keyframe, sources: int) -> bool:
        """Whether a keyframe is a frame of one of the first `sources` sources."""
        return 0 <= key.source < sources and 0 <= key.frame < self.sources[key.source].frames


def fresh(keyframes: int, window: int, *, extend: int = 0, loop: bool = False) -> Strip:
    """Keyframes from words at once, `extend` more by prediction, and if wanted the way back."""
    first = Source(given=(None,) * keyframes)
    strip = Strip((first,), tuple(Keyframe(0, k) for k in range(keyframes)))
    strip = extended(strip, extend, window)
    return looped(strip, window) if loop else strip


def extended(
    strip: Strip, count: int, window: int, *, before: bool = False, seed: int | None = None
) -> Strip:
    """`count` more keyframes after the last, or before the first.

    Windows are always filled whole, so that extending further later finds the same frames.
    """
    while count > 0:
        context = min(CONTEXT, len(strip.keys), window - 1)
        holes = window - context
        taken = min(count, holes)
        if before:
            ends = strip.keys[:context]
            first, given = strip.position(ends[0]) - holes, (None,) * holes + ends
            wanted = range(holes - taken, holes)
        else:
            ends = strip.keys[-context:]
            first, given = strip.position(ends[-1]) + 1 - context, ends + (None,) * holes
            wanted = range(context, context + taken)
        strip, made = _with(strip, Source(first, given, seed))
        new = tuple(made[k] for k in wanted)
        keys = (*new, *strip.keys) if before else (*strip.keys, *new)
        strip, count = replace(strip, keys=keys), count - taken
    return strip


def rerolled(
    strip: Strip,
    chosen: Collection[int],
    window: int,
    *,
    seed: int | None,
    prompt: str | None = None,
) -> Strip:
    """The chosen keyframes (numbers in the strip) made anew to fit those that stay.

    Locked ones stay in any case.
    """
    left = sorted(k for k in set(chosen) if not strip.keys[k].locked)
    while left:
        last = max(0, len(strip.keys) - window)
        start = max(0, min(left[0] - CONTEXT, last))
        inside = range(start, min(start + window, len(strip.keys)))
        given = tuple(None if k in left else strip.keys[k] for k in inside)
        strip, made = _with(strip, Source(start, given, seed, prompt))
        keys = list(strip.keys)
        for k in inside:
            if k in left:
                keys[k] = made[k - start]
        strip = replace(strip, keys=tuple(keys))
        left = [k for k in left if k not in inside]
    return _pruned(strip)


def replaced(strip: Strip, number: int, source: Source, frame: int = 0) -> Strip:
    """With a picture or a frame of a take in the place of a keyframe."""
    strip, made = _with(strip, replace(source, first=strip.position(strip.keys[number]) - frame))
    keys = (*strip.keys[:number], _frame(made, frame), *strip.keys[number + 1 :])
    return _pruned(replace(strip, keys=keys))


def inserted(strip: Strip, number: int, source: Source, frame: int = 0) -> Strip:
    """With a picture or a frame of a take before keyframe `number`, or at the end."""
    strip, made = _with(strip, replace(source, first=number - frame))
    keys = (*strip.keys[:number], _frame(made, frame), *strip.keys[number:])
    return replace(strip, keys=keys)


def locked(
    strip: Strip, number: int, take: str = "", frame: int = 0, space: str = LATENTS
) -> Strip:
    """With a keyframe kept as the frame of a `take` that it is now, whatever words and seed become.

    Without a take, as for a picture, only against being made anew.
    """
    if take:
        strip = replaced(strip, number, Source(take=take, space=space), frame)
    return _marked(strip, number, on=True)


def unlocked(strip: Strip, number: int) -> Strip:
    """With a keyframe that stays as it is, but may be made anew."""
    return _marked(strip, number, on=False)


def bridged(
    strip: Strip, number: int, count: int, window: int, *, seed: int | None = None
) -> Strip:
    """`count` keyframes more between `number` and the one after it, which lead from one to the other.

    ValueError where they do not fit into a window between their ends.
    """
    if not 1 <= count <= window - 2:
        raise ValueError(f"{count} keyframes do not fit between two in a window of {window}")
    side = max(1, min(CONTEXT, (window - count) // 2))
    after = (number + 1) % len(strip.keys)
    ahead = strip.keys[max(0, number + 1 - side) : number + 1]
    behind = strip.keys[after : after + side]
    given = ahead + (None,) * count + behind
    first = strip.position(ahead[0])
    strip, made = _with(strip, Source(first, given, seed))
    new = made[len(ahead) : len(ahead) + count]
    return replace(strip, keys=(*strip.keys[: number + 1], *new, *strip.keys[number + 1 :]))


def looped(strip: Strip, window: int, *, seed: int | None = None) -> Strip:
    """Closed to a loop by `BRIDGE` keyframes that lead from the last to the first."""
    if strip.loop:
        return strip
    return replace(bridged(strip, len(strip.keys) - 1, BRIDGE, window, seed=seed), loop=True)


def deleted(strip: Strip, number: int) -> Strip:
    """Without a keyframe.  ValueError for the only one."""
    if len(strip.keys) == 1:
        raise ValueError("a strip needs a keyframe")
    return _pruned(replace(strip, keys=strip.keys[:number] + strip.keys[number + 1 :]))


def moved(strip: Strip, number: int, to: int) -> Strip:
    """With keyframe `number` at place `to` of the strip that is left without it."""
    rest = strip.keys[:number] + strip.keys[number + 1 :]
    return replace(strip, keys=(*rest[:to], strip.keys[number], *rest[to:]))


def _marked(strip: Strip, number: int, *, on: bool) -> Strip:
    key = replace(strip.keys[number], locked=on)
    return replace(strip, keys=(*strip.keys[:number], key, *strip.keys[number + 1 :]))


def _with(strip: Strip, source: Source) -> tuple[Strip, tuple[Keyframe, ...]]:
    """With a source more, and that source's frames."""
    number = len(strip.sources)
    made = tuple(Keyframe(number, k) for k in range(max(1, len(source.given))))
    return replace(strip, sources=(*strip.sources, source)), made


def _frame(made: tuple[Keyframe, ...], frame: int) -> Keyframe:
    return replace(made[0], frame=frame)


def _pruned(strip: Strip) -> Strip:
    """Without sources that no keyframe needs any longer."""
    needed, ahead = set(), [key.source for key in strip.keys]
    while ahead:
        source = ahead.pop()
        if source not in needed:
            needed.add(source)
            ahead += [key.source for key in strip.sources[source].given if key is not None]
    number = {old: new for new, old in enumerate(sorted(needed))}

    def renumbered(key: Keyframe | None) -> Keyframe | None:
        return key and replace(key, source=number[key.source])

    sources = tuple(
        replace(strip.sources[old], given=tuple(map(renumbered, strip.sources[old].given)))
        for old in sorted(needed)
    )
    keys = tuple(replace(key, source=number[key.source]) for key in strip.keys)
    return replace(strip, sources=sources, keys=keys)
