"""Random edits of random timelines: what holds after each of them."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.spec.timeline import edits, marking, retiming, splitting, trimming
from studio.spec.timeline.checking import faults
from studio.spec.timeline.track import laid
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
    keys_shown,
    states,
    video,
)

ALL = (V1, V2, P1, A1)
rates = st.sampled_from(RATES)


@settings(max_examples=60)
@given(EDITS, rates)
def test_nothing_overlaps_and_nothing_shows_more_than_there_is(some, rate):
    before = empty(rate)
    for edit, timeline in states(empty(rate), some):
        assert list(faults(timeline, MEDIA)) == [], edit
        assert list(faults(timeline, MEDIA, before)) == [], edit
        before = timeline
        for track in timeline.tracks:
            ends = [track.end(number) for number in range(len(track.clips))]
            assert all(a <= b for a, b in zip(ends, track.starts[1:], strict=False)), edit
            assert laid(track, track.placed()) == track


@settings(max_examples=25)
@given(EDITS, rates)
def test_no_edit_needs_what_was_not_there(some, rate):
    """But for a clip put in, nothing gets a medium, and so a key, that no clip had."""
    before = empty(rate)
    for (name, *_), after in states(before, some):
        if name not in ("insert", "overwrite", "append") and keys_shown(before):
            assert keys_shown(after) <= keys_shown(before), name
        before = after


@settings(max_examples=25)
@given(EDITS, rates)
def test_a_split_plays_as_before(some, rate):
    new = ids(0x90000)
    for _, timeline in states(empty(rate), some):
        for track in timeline.tracks:
            for start, clip in track.placed()[:3]:
                cut = splitting.split(timeline, clip.id, start + clip.length // 2, new)
                for id in ALL:
                    assert cells(cut, id) == cells(timeline, id)
                assert list(faults(cut, MEDIA)) == []


@settings(max_examples=25)
@given(EDITS, rates)
def test_a_ripple_delete_takes_out_just_the_clip(some, rate):
    *_, (_, timeline) = states(empty(rate), some)
    timeline = edits.unlink(timeline, [c.id for t in timeline.tracks for c in t.clips])
    for start, clip in timeline.track(V2).placed():
        own = cells(timeline, V2)
        alone = timeline
        for id in (V1, P1):
            alone = marking.set_track(alone, id, synced=False)
        after = edits.ripple_delete(alone, clip.id)
        wanted = own[:start] + own[start + clip.length :]
        assert cells(after, V2)[: len(wanted)] == wanted
        assert [cells(after, id) for id in (V1, P1, A1)] == [
            cells(timeline, id) for id in (V1, P1, A1)
        ]


@settings(max_examples=25)
@given(EDITS, rates, st.integers(0, 60), st.integers(1, 20))
def test_what_is_inserted_is_taken_out_again(some, rate, at, length):
    """Where it splits nothing, a ripple back leaves the very same timeline."""
    *_, (_, timeline) = states(empty(rate), some)
    clip = video("f" * 12, length, take=0)
    put = edits.insert(timeline, V1, clip, at, ids(0x90000))
    assert put.start(clip.id) == at
    back = edits.ripple_delete(put, clip.id)
    track = timeline.track(V1)
    if (number := track.at(at)) is None or track.starts[number] == at:
        assert [track.clips for track in back.tracks] == [t.clips for t in timeline.tracks]
    for id in ALL:
        assert cells(back, id)[:200] == cells(timeline, id)[:200]


@settings(max_examples=25)
@given(EDITS, rates, st.integers(-30, 30))
def test_trimming_in_and_out_again_leaves_what_was_there(some, rate, by):
    *_, (_, timeline) = states(empty(rate), some)
    for track in timeline.tracks:
        for clip in track.clips:
            for end in (trimming.HEAD, trimming.TAIL):
                inward = abs(by) if end == trimming.HEAD else -abs(by)
                there = trimming.trim(timeline, clip.id, end, inward, MEDIA)
                moved = clip.length - there.clip(clip.id).length
                back = trimming.trim(
                    there, clip.id, end, -moved if end == trimming.HEAD else moved, MEDIA
                )
                assert [cells(back, id) for id in ALL] == [cells(timeline, id) for id in ALL]


@settings(max_examples=25)
@given(EDITS, rates, rates)
def test_another_rate_keeps_times(some, rate, other):
    *_, (_, timeline) = states(empty(rate), some)
    after = retiming.at_rate(timeline, other, MEDIA)
    assert list(faults(after, MEDIA)) == []
    for track in timeline.tracks:
        for number, start in enumerate(track.starts):
            seconds = Fraction(start) / rate
            found = Fraction(after.track(track.id).starts[number]) / other
            assert abs(found - seconds) <= Fraction(len(track.clips)) / other
