"""Timelines for tests: tracks of each kind, takes of known length, and random edits of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from hypothesis import strategies as st

from studio.spec.refusal import Refusal
from studio.spec.timeline import edits, marking, retiming, splitting, trimming
from studio.spec.timeline.clip import Adapter, Clip, Footage, Sound, Words
from studio.spec.timeline.media import Asset, Media, Medium
from studio.spec.timeline.timeline import Marker, Timeline
from studio.spec.timeline.track import Track

V1, V2, P1, A1 = (f"{name:0>12}" for name in ("a1", "a2", "b1", "c1"))
SHOT = f"{'5':0>12}"
TAKES = {
    f"{'d1':0>12}": Medium(113, Fraction(24), 16),
    f"{'d2':0>12}": Medium(8, Fraction(3, 2), 1),
    f"{'d3':0>12}": Medium(40, Fraction(30000, 1001), 0),
}
MUSIC = Asset(f"{'e1':0>12}", "music.wav", "music.wav", rate=Fraction(48000), frames=48000 * 20)
FILM = Asset(f"{'e2':0>12}", "film.mp4", "film.mp4", rate=Fraction(25), frames=200)
MEDIA: Media = TAKES | {a.id: Medium(a.frames, a.rate) for a in (MUSIC, FILM)}
RATES = (Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(12))


def ids(start: int = 0x1000) -> Callable[[], str]:
    """A fresh id at each call, the same ones every time."""
    numbers = iter(range(start, 2**40))
    return lambda: f"{next(numbers):012x}"


def empty(rate: Fraction = RATES[0]) -> Timeline:
    tracks = (
        Track(P1, "prompt", "Words"),
        Track(V1, "video", "Film"),
        Track(V2, "video", "Over it"),
        Track(A1, "audio", "Music", synced=False),
    )
    return Timeline(rate, tracks, (MUSIC, FILM))


def video(id: str, length: int = 10, begin: int | Fraction = 0, take: int = 0) -> Clip:
    """A clip of one of `TAKES`."""
    name, medium = list(TAKES.items())[take]
    return Clip(id, length, footage=Footage(medium.rate, Fraction(begin), shot=SHOT, take=name))


def words(id: str, length: int = 10, text: str = "a red ball") -> Clip:
    return Clip(id, length, words=Words(text, (Adapter("rex", strength=0.8),)))


def sound(id: str, length: int = 10, fade: int = 3) -> Clip:
    footage = Footage(MUSIC.rate, Fraction(4800), asset=MUSIC.id)
    return Clip(id, length, footage=footage, sound=Sound(-6.0, min(fade, length), 0))


def row(*lengths_and_gaps: tuple[int, int], rate: Fraction = RATES[0]) -> Timeline:
    """Clips of one track: (gap, length) each, with ids 1, 2, 3 …, each of the first take."""
    timeline = empty(rate)
    clips = tuple(
        replace(video(f"{number:012x}", length, begin=16 * (number % 4)), gap=gap)
        for number, (gap, length) in enumerate(lengths_and_gaps, start=1)
    )
    return timeline.with_track(replace(timeline.track(V1), clips=clips))


def cells(timeline: Timeline, track: str, end: int = 250) -> list[object]:
    """Frame by frame what one track plays: medium and frame, or words; None in a gap."""
    there = timeline.track(track)
    found: list[object] = [None] * max(end, there.length)
    for start, clip in there.placed():
        for number in range(clip.length):
            shown = clip.footage and (
                clip.footage.medium,
                clip.footage.frame(number, timeline.rate),
            )
            found[start + number] = shown or clip.words
    return found


def keys_shown(timeline: Timeline) -> set[str]:
    """The media that a timeline needs."""
    clips = (clip for track in timeline.tracks for clip in track.clips)
    return {clip.footage.medium for clip in clips if clip.footage}


Edit = tuple[str, int, int, int]
"""What is done, and three numbers that say to what."""
NAMES = (
    *["insert", "overwrite", "append"] * 3, "move", "reorder", "head", "tail", "ripple head",
    "ripple tail", "split", "delete", "ripple delete", "close gap", "retime", "ripple retime",
    "link", "unlink", "rename", "slip", "blend", "marker", "mark",
)  # fmt: skip
EDITS = st.lists(
    st.tuples(
        st.sampled_from(NAMES), st.integers(0, 10**6), st.integers(-40, 60), st.integers(1, 30)
    ),
    min_size=1,
    max_size=18,
)


def edited(timeline: Timeline, edit: Edit, new: Callable[[], str]) -> Timeline:
    """One random edit; the timeline itself where it is refused."""
    try:
        return _edited(timeline, edit, new)
    except Refusal:
        return timeline


def _edited(timeline: Timeline, edit: Edit, new: Callable[[], str]) -> Timeline:
    name, pick, by, length = edit
    clips = [clip.id for track in timeline.tracks for clip in track.clips]
    if name in ("insert", "overwrite", "append") or not clips:
        return _put(timeline, name, pick, max(0, by), length, new)
    if name == "marker":
        return marking.add_marker(timeline, Marker(new(), abs(by), "here"))
    if name == "mark":
        marked = marking.mark_in if pick % 2 else marking.mark_out
        return marked(timeline, abs(by))
    id = clips[pick % len(clips)]
    return _changed(timeline, name, id, clips, by, length, new)


def _put(
    timeline: Timeline, name: str, pick: int, at: int, length: int, new: Callable[[], str]
) -> Timeline:
    track = timeline.tracks[pick % len(timeline.tracks)]
    take = pick // 7 % 3
    clip = {
        "video": lambda: trimming.fitted(timeline, video(new(), take=take), length, MEDIA),
        "prompt": lambda: words(new(), length, f"word {pick % 5}"),
        "audio": lambda: sound(new(), length),
    }[track.kind]()
    if name == "insert":
        return edits.insert(timeline, track.id, clip, at, new)
    if name == "overwrite":
        return edits.overwrite(timeline, track.id, clip, at, new)
    return edits.append(timeline, track.id, clip)


def _changed(
    timeline: Timeline,
    name: str,
    id: str,
    clips: list[str],
    by: int,
    length: int,
    new: Callable[[], str],
) -> Timeline:
    start = timeline.start(id)
    ripple = name.startswith("ripple")
    speed = Fraction(length, 10)
    ends = {"head": trimming.HEAD, "tail": trimming.TAIL}
    end = next((end for word, end in ends.items() if name.endswith(word)), "")
    others = [one for one in clips[:: max(1, length // 4)] if one != id][:2]
    ways: dict[str, Callable[[], Timeline]] = {
        "move": lambda: edits.move(timeline, id, max(0, start + by), new),
        "reorder": lambda: edits.reorder(timeline, id, max(0, start + by), new),
        "split": lambda: splitting.split(timeline, id, start + abs(by), new),
        "delete": lambda: edits.delete(timeline, [id]),
        "ripple delete": lambda: edits.ripple_delete(timeline, id),
        "close gap": lambda: edits.close_gap(timeline, timeline.where(id)[0].id, abs(by)),
        "link": lambda: edits.link(timeline, [id, *others], new()),
        "unlink": lambda: edits.unlink(timeline, [id]),
        "rename": lambda: edits.rename(timeline, id, f"name {by}"),
        "slip": lambda: trimming.slip(timeline, id, by, MEDIA),
        "blend": lambda: retiming.set_blended(timeline, id, by > 0),
    }
    if name in ways:
        return ways[name]()
    if end:
        return trimming.trim(timeline, id, end, by, MEDIA, ripple=ripple)
    return retiming.retime(timeline, id, speed, MEDIA, ripple=ripple)


def states(timeline: Timeline, edits: list[Edit]) -> Iterator[tuple[Edit, Timeline]]:
    """The timeline after each of some edits."""
    new = ids()
    for edit in edits:
        timeline = edited(timeline, edit, new)
        yield edit, timeline
