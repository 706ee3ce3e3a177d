"""A good project with everything in it, and seeded ways in which a file of it may be wrong."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache

from studio.project import edits
from studio.project.plain import to_plain
from studio.project.project import Project
from studio.project.shot import Shot
from studio.project.timeline_edits import clip_of, new_timeline
from studio.spec.request import ClipRequest, SubjectUse, Upsampling
from studio.spec.spans import spans
from studio.spec.strip import Source, fresh, inserted, locked, rerolled
from studio.spec.timeline.clip import Adapter, Clip, Footage, Foreign, Sound, Words
from studio.spec.timeline.edits import append, link, overwrite
from studio.spec.timeline.marking import add_asset, add_marker, mark_in, mark_out
from studio.spec.timeline.media import Asset
from studio.spec.timeline.retiming import retime
from studio.spec.timeline.splitting import split
from studio.spec.timeline.timeline import Marker, Timeline

WEIGHTS = (("image", "1" * 32), ("temporal", "2" * 32), ("autoencoder", "3" * 32))
ODD = (
    None, True, False, -1, 0, 3, 1e9, 2**63, -(2**70), 0.5, "NaN", "", "x", "../../x", "C:\\x",
    "/etc/passwd", "con", "a\0b", "\ud83d", "1e9999999", "1/0", "0", "9" * 5000, "long " * 60_000,
    [], {}, [None], [[]], {"a": {}},
)  # fmt: skip
WORDS = ("NaN", "Infinity", "-Infinity", "1e999", "[" * 5000 + "]" * 5000, "9" * 5000)
"""What JSON readers accept and JSON is not, or what costs them dearly; put in place of a leaf."""


def strip():
    made = fresh(6, 8, extend=4, loop=True)
    made = rerolled(made, [2, 3], 8, seed=9, prompt="a cat")
    made = inserted(made, 1, Source(picture="ab" * 16))
    return locked(made, 4, "cd" * 16, 3)


@cache
def good() -> Project:
    """Shots and clips of every kind that the window makes."""
    request = ClipRequest(
        "a ball moving left", 7, "starter", WEIGHTS, 64, 64, 6, Fraction(3, 2), 20, 4.0,
        "blue", SubjectUse("rex", "5" * 64, "sks", "dog", 0.9), interpolate=2,
    )  # fmt: skip
    larger = replace(request, upsample=Upsampling(4, 20, 40, 16), only=(0, 3))
    desk = replace(request, strip=strip(), subject=None)
    made = Project("Summer", subjects=("rex",))
    for n, shot in enumerate(
        (
            Shot("a" * 12, "a ball", steps=9, guidance=3.5, width=64, height=64, fps=Fraction(8)),
            Shot("b" * 12, "a ring", "blue", "rex", 0.5, 3, True, keyframes=4, strip=strip()),
        )
    ):
        made = edits.add_shot(made, shot)
        for asked in (request, larger, desk):
            asked = replace(asked, seed=asked.seed + n)
            keys = tuple(span.key for span in spans(asked)[-2:])
            id = f"{len(made.renders):012x}"
            made = edits.add_render(made, shot.id, asked, keys, thumbnail=keys[0], id=id)
    made = edits.star(made, made.renders[0].id)
    return replace(made, timeline=timeline(made))


def timeline(project: Project) -> Timeline:
    """Tracks of each kind, with clips of takes and files, in every way that edits leave them."""
    ids = (f"{n:012x}" for n in range(0xC0, 0x1000))
    made = new_timeline(Fraction(30000, 1001), lambda: next(ids))
    words, film, sound = (track.id for track in made.tracks)
    song = Asset(next(ids), "song.wav", "song.wav", "ab" * 16, Fraction(48000), 480_000)
    made = add_asset(made, song)
    for render in project.renders[:3]:
        made = append(made, film, clip_of(project, render, made, lambda: next(ids)))
    first = made.track(film).clips[0].id
    music = Clip(
        next(ids), 60, footage=Footage(song.rate, Fraction(1, 3), asset=song.id),
        sound=Sound(-6.5, 5, 10), name="song", foreign=(Foreign("Effect.1", "echo", "{}"),),
    )  # fmt: skip
    made = overwrite(made, sound, music, 7, lambda: next(ids))
    made = link(made, [first, music.id], next(ids))
    made = split(made, first, 20, lambda: next(ids))
    said = Words("a ring", (Adapter("rex", strength=0.5), Adapter(lora="a.safetensors")))
    made = overwrite(made, words, Clip(next(ids), 30, words=said), 4, lambda: next(ids))
    made = retime(made, made.track(film).clips[2].id, Fraction(3, 2), project.media)
    made = add_marker(made, Marker(next(ids), 12, "beat", 3))
    return mark_out(mark_in(made, 5), 50)


def ways_into(plain, way: tuple = ()) -> Iterator[tuple]:
    """The way to every leaf and branch below."""
    for name, below in plain.items() if isinstance(plain, dict) else enumerate(plain):
        yield (*way, name)
        if isinstance(below, dict | list):
            yield from ways_into(below, (*way, name))


def hostile(dice: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Each a word on what was done, and the bytes of a project file."""
    plain = {"version": 1, **to_plain(good())}
    ways = list(ways_into(plain))
    by_name: dict[str, list[tuple]] = {}
    for way in ways:  # each field as often as any other, however often it occurs
        by_name.setdefault("/".join(s for s in way if isinstance(s, str)), []).append(way)
    for _ in range(count):
        way = dice.choice(by_name[dice.choice(sorted(by_name))])
        changed = json.loads(json.dumps(plain))
        place = changed
        for step in way[:-1]:
            place = place[step]
        deed = dice.choice(("odd", "odd", "odd", "word", "gone", "twice"))
        if deed == "gone":
            del place[way[-1]]
        elif deed == "twice" and isinstance(place, list):
            place.insert(way[-1], place[way[-1]])
        elif deed == "word":
            place[way[-1]] = "@@@"
        else:
            place[way[-1]] = dice.choice(ODD)
        word = dice.choice(WORDS)
        data = json.dumps(changed, ensure_ascii=False, indent=1).replace('"@@@"', word)
        yield (
            f"{deed} {way} {place if deed == 'odd' else word}"[:200],
            data.encode(errors="surrogatepass"),
        )
