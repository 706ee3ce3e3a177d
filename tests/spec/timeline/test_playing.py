"""What plays at a frame, by bisection, against looking at every clip."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.spec.timeline import edits, marking
from studio.spec.timeline.gaps import gap_after, gap_at, gaps, range_of
from studio.spec.timeline.playing import diamonds, playing, runs
from studio.spec.timeline.retiming import retime
from tests.spec.timeline.timelines import (
    A1,
    EDITS,
    MEDIA,
    P1,
    RATES,
    V1,
    V2,
    cells,
    empty,
    ids,
    row,
    sound,
    states,
    video,
    words,
)

ONE, TWO = (f"{n:012x}" for n in (1, 2))
TAKE = next(iter(MEDIA))


def picture(timeline, frame):
    shown = playing(timeline, frame).picture
    return shown and (shown.clip.footage.medium, shown.frame)


@settings(max_examples=25)
@given(EDITS, st.sampled_from(RATES))
def test_the_topmost_picture_plays(some, rate):
    *_, (_, timeline) = states(empty(rate), some)
    below, above = (cells(timeline, track) for track in (V1, V2))
    wanted = [b or a for a, b in zip(below, above, strict=False)]
    found = [picture(timeline, frame) for frame in range(len(wanted))]
    assert found == wanted
    played = []
    for run in runs(timeline, 0, len(wanted)):
        assert run.start == len(played)
        for number in range(run.length):
            shown = run.shown
            footage = shown and shown.clip.footage
            played.append(
                footage and (footage.medium, footage.frame(shown.number + number, timeline.rate))
            )
    assert played == wanted


@settings(max_examples=25)
@given(EDITS, st.sampled_from(RATES), st.integers(0, 80), st.integers(1, 80))
def test_the_keyframes_in_sight_are_those_that_play(some, rate, first, length):
    *_, (_, timeline) = states(empty(rate), some)
    for track in (timeline.track(V1), timeline.track(V2)):
        found = {
            (d.clip, d.number): d.frame
            for d in diamonds(timeline, track, MEDIA, first, first + length)
        }
        wanted = {}
        for start, clip in track.placed():
            every = MEDIA[clip.footage.medium].every
            shown = [clip.footage.frame(n, rate) for n in range(-1, clip.length)]
            for n, (before, now) in enumerate(pairwise(shown)):
                for key in range(now // every + 1) if every else ():
                    new = key * every <= now and (n == 0 or before < key * every)
                    if new and first <= start + n < first + length and key * every >= shown[1]:
                        wanted[clip.id, key] = start + n
        assert found == wanted


def test_a_track_that_is_off_is_not_seen():
    timeline = edits.overwrite(row((0, 20)), V2, video("f" * 12, 5, take=1), 0, ids())
    assert picture(timeline, 2) != (TAKE, 18)
    assert picture(marking.set_track(timeline, V2, on=False), 2) == (TAKE, 18)


def test_words_and_sounds_play_along():
    timeline = edits.overwrite(row((0, 20)), P1, words("a" * 12, 5), 3, ids())
    timeline = edits.overwrite(timeline, A1, sound("b" * 12, 9), 2, ids())
    now = playing(timeline, 4)
    assert [clip.words.text for clip in now.words] == ["a red ball"]
    assert [shown.frame for shown in now.sounds] == [4800 + 2 * 2000]
    assert playing(timeline, 15).words == ()


def test_the_frames_on_both_sides_of_a_gap_are_exact():
    timeline = retime(row((4, 20), (6, 20)), ONE, Fraction(2), MEDIA)
    gap = gap_at(timeline, V1, 20)
    assert (gap.start, gap.length) == (14, 16)
    assert (gap.before.clip.id, gap.before.frame) == (ONE, 16 + 2 * 9)
    assert (gap.after.clip.id, gap.after.frame) == (TWO, 32)
    assert gap_at(timeline, V1, 5) is None
    first, last = gap_at(timeline, V1, 0), gap_at(timeline, V1, 99)
    assert (first.start, first.length, first.before) == (0, 4, None)
    assert (last.start, last.length, last.after) == (50, None, None)
    assert list(gaps(timeline, V1)) == [first, gap]
    assert gap_after(row((0, 20), (0, 20)), V1, 0) is None
    assert range_of(timeline, V1, 14, 16) == gap
    part = range_of(timeline, V1, 16, 14)
    assert (part.before, part.after) == (None, gap.after)
    assert range_of(timeline, V1, 10, 10) is None
