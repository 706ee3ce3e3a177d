"""What a large timeline costs to look at, to edit and to keep, in milliseconds.

    python -m tests.spec.timeline.lookups [CLIPS]

CLIPS (2000) on 8 tracks of pictures, each with 10 keyframes or more.  Median (95th percentile) of
200 looks, of 20 for what reads or writes all of it.  On two cores that other programs used as well
(load 5), 2 000 clips and 28 000 keyframes, Python 3.11:

    what plays at a frame                           0.09 (0.18)
    keyframes in sight (2 000 frames, 8 tracks)     3.2  (7.0)
    a place to snap to                              0.01 (0.01)
    all places to snap to                           0.7  (4.0)
    move a clip                                     0.8  (2.7)
    split a clip                                    0.05 (0.08)
    trim with ripple                                0.3  (0.7)
    check what a move changed                       2.6  (6.3)
    check all of it                                 106  (177)
    the state of every clip                         140  (161)
    to text                                          77  (189)
    from text                                       305  (712)
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from studio.project.plain import from_plain, to_plain
from studio.spec.timeline import edits, marking, playing, splitting, trimming
from studio.spec.timeline.checking import faults
from studio.spec.timeline.clip import Clip, Footage
from studio.spec.timeline.media import Medium
from studio.spec.timeline.states import Wanted, plan
from studio.spec.timeline.timeline import Timeline
from studio.spec.timeline.track import Track
from tests.spec.requests import PLAIN
from tests.spec.timeline.timelines import ids

FULL = replace(PLAIN, interpolate=2, keyframes=14, window=16)
SHOT, TAKE = "5" * 12, "d" * 12
MEDIA = {TAKE: Medium(FULL.frames, FULL.rate, 16)}


def large(clips: int, tracks: int = 8) -> Timeline:
    """Clips of a take of 209 frames, with a gap before every fifth."""
    new, made = ids(), []
    for row in range(tracks):
        placed = tuple(
            Clip(new(), 209, 7 * (n % 5 == 0), footage=Footage(FULL.rate, shot=SHOT, take=TAKE))
            for n in range(clips // tracks)
        )
        made.append(Track(new(), "video", f"V{row}", placed, synced=False))
    return Timeline(Fraction(24), tuple(made))


def milliseconds(work: Callable[[], object], times: int) -> str:
    """Median and 95th percentile of some runs."""
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seconds.append(1000 * (time.perf_counter() - begun))
    return f"{statistics.median(seconds):8.3f} ({sorted(seconds)[int(0.95 * times)]:.3f})"


def main() -> None:
    timeline = large(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
    dice, new = random.Random(7), ids(0x90000)
    middle = timeline.tracks[3].clips[len(timeline.tracks[3].clips) // 2].id
    places = marking.snaps(timeline)
    plain = json.dumps(to_plain(timeline))
    shots, takes = {SHOT: Wanted(FULL)}, {TAKE: FULL}
    moved = edits.move(timeline, middle, 50, new)
    anywhere = lambda: dice.randrange(timeline.length)  # noqa: E731

    def in_sight():
        first = anywhere()
        for track in timeline.tracks:
            list(playing.diamonds(timeline, track, MEDIA, first, first + 2000))

    handlers = {
        "what plays at a frame": (lambda: playing.playing(timeline, anywhere()), 200),
        "keyframes in sight (2 000 frames, 8 tracks)": (in_sight, 200),
        "a place to snap to": (lambda: marking.snap(places, [anywhere()], 9), 200),
        "all places to snap to": (lambda: marking.snaps(timeline), 20),
        "move a clip": (lambda: edits.move(timeline, middle, anywhere(), new), 200),
        "split a clip": (lambda: splitting.split(timeline, middle, timeline.start(middle) + 9, new), 200),
        "trim with ripple": (
            lambda: trimming.trim(timeline, middle, trimming.TAIL, -9, MEDIA, ripple=True), 200,
        ),
        "check what a move changed": (lambda: list(faults(moved, MEDIA, timeline)), 20),
        "check all of it": (lambda: list(faults(timeline, MEDIA)), 20),
        "the state of every clip": (lambda: plan(timeline, takes, shots, lambda _: True, {}), 20),
        "to text": (lambda: json.dumps(to_plain(timeline)), 20),
        "from text": (lambda: from_plain(Timeline, json.loads(plain)), 20),
    }  # fmt: skip
    keyframes = sum(
        1
        for track in timeline.tracks
        for _ in playing.diamonds(timeline, track, MEDIA, 0, timeline.length)
    )
    print(f"{sum(len(t.clips) for t in timeline.tracks)} clips, {keyframes} keyframes")
    for name, (work, times) in handlers.items():
        print(f"    {name:45}{milliseconds(work, times)}", flush=True)


if __name__ == "__main__":
    main()
