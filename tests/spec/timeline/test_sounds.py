"""What is heard of a timeline, in samples."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from studio.spec.timeline import splitting
from studio.spec.timeline.edits import append
from studio.spec.timeline.sounds import audible, samples_at
from tests.spec.timeline.timelines import A1, RATES, empty, ids, sound

RATE = 48_000


@given(st.sampled_from(RATES), st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_clips_in_a_row_leave_no_sample_between_them(rate, lengths):
    timeline, new = empty(rate), ids()
    for length in lengths:
        timeline = append(timeline, A1, sound(new(), length))
    end = 0
    for one in audible(timeline, 0, timeline.length, RATE):
        assert one.start == end
        end += one.count
    assert end == samples_at(timeline.length, rate, RATE)


@given(st.integers(1, 29), st.integers(0, 10))
def test_a_split_changes_nothing_but_fades_at_the_cut(at, first):
    timeline = append(empty(), A1, sound("1" * 12, 30, fade=0))
    (whole,) = audible(timeline, first, 30, RATE)
    halves = list(audible(splitting.split(timeline, "1" * 12, at, ids()), first, 30, RATE))
    assert sum(half.count for half in halves) == whole.count
    assert halves[0].begin == whole.begin or at <= first
    last = halves[-1]
    assert last.begin == whole.begin + Fraction(last.start, RATE) * whole.speed


def test_a_track_that_is_off_is_not_audible():
    timeline = append(empty(), A1, sound("1" * 12, 30))
    off = timeline.with_track(replace(timeline.track(A1), on=False))
    assert list(audible(timeline, 0, 30, RATE))
    assert not list(audible(off, 0, 30, RATE))
    assert not list(audible(timeline, 30, 40, RATE))
