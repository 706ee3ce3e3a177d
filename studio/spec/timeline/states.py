"""How each clip of a timeline stands, and the pieces that a render of all of it would make.

By the keys of spans alone: nothing is read and nothing is made anew because something else was.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from studio.spec.forecast import Has, Pace, Work, in_all, work_of
from studio.spec.frame_spans import last_spans
from studio.spec.request import ClipRequest
from studio.spec.span import Span
from studio.spec.spans import last_keys, spans, strip_of
from studio.spec.timeline.clip import Clip
from studio.spec.timeline.gaps import beside
from studio.spec.timeline.holding import Pictures, Requests, latent_of
from studio.spec.timeline.playing import Shown
from studio.spec.timeline.timeline import Timeline

MADE, CHANGED, NEIGHBOUR, TO_MAKE = "made", "changed", "neighbour changed", "to make"
"""What a clip shows is as its shot says; that has changed since; what it goes on from or leads to is no
longer what plays beside it; or it has no take, or one whose frames are gone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a shot is now.  With `any_seed` a take of another seed is as good: none was chosen."""

    request: ClipRequest
    any_seed: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """What one render would make for some clips: `work` counts what no piece before it makes."""

    clips: tuple[str, ...]
    states: tuple[str, ...]
    request: ClipRequest
    work: Work


@dataclass(frozen=True, slots=True)
class Plan:
    """The state of every clip that shows a shot, by its id, and the pieces to render.

    A clip whose neighbour changed is no piece: it is made again when that is asked for.
    """

    states: Mapping[str, str]
    pieces: tuple[Piece, ...]

    @property
    def seconds(self) -> float | None:
        """What all pieces will take; None where nothing like one of them was made yet."""
        return in_all(piece.work for piece in self.pieces).seconds

    @property
    def counts(self) -> Mapping[str, int]:
        """How many clips are in each state."""
        return Counter(self.states.values())


class Walks:
    """The spans of requests, each unrolled once."""

    def __init__(self) -> None:
        self._walks: dict[ClipRequest, tuple[Span, ...]] = {}

    def __len__(self) -> int:
        return len(self._walks)

    def of(self, request: ClipRequest) -> tuple[Span, ...]:
        """The spans of a request."""
        if request not in self._walks:
            self._walks[request] = spans(request)
        return self._walks[request]

    def last(self, request: ClipRequest) -> tuple[str, ...]:
        """The keys of the spans whose frames are the clip."""
        return last_keys(self.of(request))


def plan(
    timeline: Timeline,
    takes: Requests,
    shots: Mapping[str, Wanted],
    has: Has,
    pace: Pace,
    *,
    pictures: Pictures = MappingProxyType({}),
    walks: Walks | None = None,
) -> Plan:
    """How all clips stand.  `takes` are the requests that takes were made of and `shots` what shots
    are now, by their ids; `has` tells whether a key is stored, `pace` is that of each kind of work.
    """
    walks = Walks() if walks is None else walks
    states: dict[str, str] = {}
    requests: dict[ClipRequest, list[str]] = {}
    for clip in _shot_clips(timeline):
        assert clip.footage is not None
        wish = wish_of(clip, takes, shots)
        state = own_state(clip, wish, takes, timeline.rate, has, walks)
        if state == MADE and not seams_hold(timeline, clip, takes, pictures):
            state = NEIGHBOUR
        states[clip.id] = state
        if wish is not None and state in (CHANGED, TO_MAKE):
            requests.setdefault(wish, []).append(clip.id)
    return Plan(states, tuple(_pieces(requests, states, has, pace, walks)))


def wish_of(clip: Clip, takes: Requests, shots: Mapping[str, Wanted]) -> ClipRequest | None:
    """What a clip would be rendered of now: its shot, as large as its take is, and of its seed where
    the shot has chosen none.  Its take's own request where the shot is gone; None without either.
    """
    if clip.footage is None:
        return None
    take, wanted = takes.get(clip.footage.take), shots.get(clip.footage.shot)
    if wanted is None or take is None:
        return wanted.request if wanted else take
    only = take.only
    if only is not None and only[1] >= wanted.request.whole_frames:
        only = None
    wish = replace(wanted.request, upsample=take.upsample, only=only)
    return replace(wish, seed=take.seed) if wanted.any_seed else wish


def own_state(
    clip: Clip,
    wish: ClipRequest | None,
    takes: Requests,
    rate: Fraction,
    has: Has,
    walks: Walks,
) -> str:
    """How a clip stands, whatever plays beside it, by the spans of those frames that it shows: what
    changed elsewhere in its shot is nothing to it."""
    take = takes.get(clip.footage.take) if clip.footage else None
    if take is None or clip.footage is None:
        return TO_MAKE
    frames = (clip.footage.frame(number, rate) for number in (0, clip.length - 1))
    shown = shown_keys(walks.of(take), *frames)
    if wish is not None and wish != take and not _follow(shown, walks.last(wish)):
        return CHANGED
    return MADE if all(map(has, shown)) else TO_MAKE


def shown_keys(walk: Sequence[Span], first: int, last: int) -> tuple[str, ...]:
    """The keys of the last spans in which frames `first` to `last` of a clip lie, in order."""
    keys, at = [], 0
    for span in last_spans(walk):
        if at <= last and at + len(span.makes) > first:
            keys.append(span.key)
        at += len(span.makes)
    return tuple(keys)


def _follow(shown: tuple[str, ...], keys: tuple[str, ...]) -> bool:
    """Whether these keys follow one another among others, wherever they begin."""
    starts = (at for at, key in enumerate(keys) if key == shown[0]) if shown else ()
    return any(keys[at : at + len(shown)] == shown for at in starts)


def seams_hold(
    timeline: Timeline, clip: Clip, takes: Requests, pictures: Pictures = MappingProxyType({})
) -> bool:
    """Whether a clip still goes on from, and leads to, the frames that it was made around."""
    take = takes.get(clip.footage.take) if clip.footage else None
    if take is None or not (clip.held_head or clip.held_tail):
        return True
    before, after = beside(timeline, clip.id)
    head = not clip.held_head or _is_held(before, take, 0, takes, pictures)
    return head and (not clip.held_tail or _is_held(after, take, take.frames - 1, takes, pictures))


def _is_held(
    shown: Shown | None, request: ClipRequest, number: int, takes: Requests, pictures: Pictures
) -> bool:
    """Whether what plays is frame `number` of a request, a keyframe that it was given.

    A picture of it may be that of any frame whose own picture is not known.
    """
    if shown is None or shown.clip.footage is None:
        return False
    strip = strip_of(request)
    source = strip.sources[strip.keys[number // request.frames_per_keyframe].source]
    medium = shown.clip.footage.medium
    if source.picture:
        return pictures.get((medium, shown.frame), source.picture) == source.picture
    take = takes.get(medium)
    if take is None or shown.frame >= take.frames:
        return False
    return latent_of(take, shown.frame) == latent_of(request, number)


def _shot_clips(timeline: Timeline) -> Iterable[Clip]:
    for track in timeline.tracks:
        if track.kind == "video":
            yield from (clip for clip in track.clips if clip.footage and clip.footage.shot)


def _pieces(
    requests: Mapping[ClipRequest, list[str]],
    states: Mapping[str, str],
    has: Has,
    pace: Pace,
    walks: Walks,
) -> Iterable[Piece]:
    counted: set[str] = set()
    for request, clips in requests.items():
        walk = [span for span in walks.of(request) if span.key not in counted]
        there = {span.key: has(span.key) for span in walk}
        counted.update(there)
        work = in_all(work_of(span, there, pace) for span in walk)
        yield Piece(tuple(clips), tuple(states[clip] for clip in clips), request, work)
