"""Strips of keyframes: what edits change, and what they must leave alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.spec import strip as strips
from studio.spec.spans import spans, strip_of
from studio.spec.strip import Source, Strip
from tests.spec.requests import ASKED

WINDOW = 8
PICTURE = Source(picture="ab" * 16)
DENSE = replace(ASKED, interpolate=2)


def sources(strip: Strip) -> list[int]:
    return [key.source for key in strip.keys]


def film(strip: Strip | None, asked=DENSE):
    return spans(replace(asked, strip=strip))


def new(before, after, stage: str) -> int:
    """Frames of a stage that an edit makes necessary."""
    known = {span.key for span in before}
    return sum(len(s.makes) for s in after if s.stage == stage and s.key not in known)


def test_words_alone_make_one_window():
    strip = strips.fresh(8, WINDOW)
    assert strip.sources == (Source(given=(None,) * 8),)
    assert [strip.position(key) for key in strip.keys] == list(range(8))


@given(st.integers(1, 8), st.integers(0, 40), st.booleans())
def test_any_length_is_made_in_windows_that_know_two(keyframes, extend, loop):
    strip = strips.fresh(keyframes, WINDOW, extend=extend, loop=loop)
    assert len(strip.keys) == keyframes + extend + (strips.BRIDGE if loop else 0)
    assert len(set(strip.keys)) == len(strip.keys)
    for number, source in enumerate(strip.sources[1:], start=1):
        told = [key for key in source.given if key is not None]
        assert told
        assert all(key.source < number for key in told)
        assert len(source.given) <= WINDOW


def test_extending_further_keeps_what_is_there():
    short, long = (strips.fresh(8, WINDOW, extend=n) for n in (3, 15))
    assert long.keys[: len(short.keys)] == short.keys
    assert long.sources[: len(short.sources)] == short.sources


def test_a_strip_grows_at_its_start_as_at_its_end():
    strip = strips.extended(strips.fresh(8, WINDOW), 9, WINDOW, before=True)
    assert [strip.position(key) for key in strip.keys] == list(range(-9, 8))
    assert strip.sources[1].given[-2:] == strip.keys[9:11]


@pytest.mark.parametrize("number", range(8))
def test_one_new_keyframe_costs_its_two_intervals(number):
    before = film(None)
    after = film(strips.rerolled(strips.fresh(8, WINDOW), [number], WINDOW, seed=9))
    assert new(before, after, "decode") <= 32
    assert new(before, after, "interpolation") <= 30
    frames = [s.key for s in before if s.stage == "decode"]
    assert len(set(frames) & {s.key for s in after}) >= 113 // 8 - 4


def test_a_rerolled_keyframe_knows_all_others_in_its_window():
    strip = strips.fresh(8, WINDOW)
    edited = strips.rerolled(strip, [2, 5], WINDOW, seed=9, prompt="a star")
    made = edited.sources[-1]
    assert made.given == tuple(None if k in (2, 5) else strip.keys[k] for k in range(8))
    assert (made.seed, made.prompt) == (9, "a star")
    assert sources(edited) == [0, 0, 1, 0, 0, 1, 0, 0]


def test_rerolling_all_of_a_long_strip_takes_several_windows():
    strip = strips.fresh(8, WINDOW, extend=12)
    edited = strips.rerolled(strip, range(20), WINDOW, seed=9)
    assert 0 not in {source.first for source in edited.sources[1:]}
    assert all(source.seed == 9 for source in edited.sources)
    assert set(sources(edited)) == set(range(len(edited.sources)))


@given(st.integers(0, 8))
def test_what_is_put_in_or_taken_out_leaves_other_intervals(number):
    before = film(None)
    put = strips.inserted(strips.fresh(8, WINDOW), number, PICTURE)
    after = film(put)
    assert new(before, after, "interpolation") == 15 * (2 if 0 < number < 8 else 1)
    assert strips.deleted(put, number) == strips.fresh(8, WINDOW)


def test_a_picture_takes_the_place_of_a_keyframe():
    strip = strips.replaced(strips.fresh(8, WINDOW), 3, PICTURE)
    assert sources(strip) == [0, 0, 0, 1, 0, 0, 0, 0]
    assert [strip.position(key) for key in strip.keys] == list(range(8))
    picture = next(s for s in film(strip) if s.stage == "picture")
    assert picture.source.picture == PICTURE.picture


def test_a_locked_keyframe_outlives_the_words():
    key = spans(ASKED)[0].key
    strip = strips.locked(strips.fresh(8, WINDOW), 3, key, 3)
    walk = film(strip, replace(DENSE, prompt="a blue star"))
    assert key not in {span.key for span in walk}  # it is there, nobody makes it
    assert any(key in span.inputs for span in walk)
    assert [strip.position(k) for k in strip.keys] == list(range(8))


def test_a_lock_holds_against_being_made_anew_until_it_is_opened():
    strip = strips.locked(strips.fresh(8, WINDOW), 3, "ab" * 16, 3)
    rolled = strips.rerolled(strip, range(8), WINDOW, seed=9)
    assert [k for k, key in enumerate(rolled.keys) if key.locked] == [3]
    assert rolled.sources[rolled.keys[3].source].take == "ab" * 16
    assert rolled.sources[-1].given[3] == rolled.keys[3]
    opened = strips.unlocked(rolled, 3)
    assert opened.sources == rolled.sources
    again = strips.rerolled(opened, [3], WINDOW, seed=10)
    assert not again.sources[again.keys[3].source].take


def test_a_lock_of_a_picture_keeps_the_picture():
    strip = strips.replaced(strips.fresh(8, WINDOW), 3, PICTURE)
    assert strips.locked(strip, 3).keys[3] == replace(strip.keys[3], locked=True)
    assert film(strips.locked(strip, 3)) == film(strip)


def test_predictions_are_those_that_are_given_one_side():
    strip = strips.extended(strips.fresh(8, WINDOW), 3, WINDOW)
    strip = strips.extended(strip, 2, WINDOW, before=True)
    strip = strips.rerolled(strip, [5], WINDOW, seed=1)
    strip = strips.bridged(strip, 4, 2, WINDOW)
    found = [source.is_prediction for source in strip.sources]
    assert found == [False, True, True, False, False]
    assert not PICTURE.is_prediction


def test_keyframes_change_places():
    strip = strips.fresh(4, WINDOW)
    assert [k.frame for k in strips.moved(strip, 0, 2).keys] == [1, 2, 0, 3]
    assert strips.moved(strips.moved(strip, 0, 2), 2, 0) == strip


def test_a_bridge_knows_both_its_ends():
    strip = strips.fresh(8, WINDOW)
    edited = strips.bridged(strip, 3, 4, WINDOW)
    assert len(edited.keys) == 12
    assert edited.sources[1].given == (*strip.keys[2:4], *(None,) * 4, *strip.keys[4:6])
    with pytest.raises(ValueError, match="do not fit"):
        strips.bridged(strip, 3, WINDOW, WINDOW)


def test_a_loop_comes_back_and_is_not_closed_twice():
    strip = strips.fresh(8, WINDOW, loop=True)
    assert strip.sources[1].given[-2:] == strip.keys[:2]
    assert strips.looped(strip, WINDOW) is strip
    frames = [s for s in film(strip) if s.stage == "decode"]
    assert sum(len(s.makes) for s in frames) == 16 * len(strip.keys)


def test_the_only_keyframe_stays():
    with pytest.raises(ValueError, match="needs a keyframe"):
        strips.deleted(strips.fresh(1, WINDOW), 0)


@given(st.integers(1, 16), st.integers(0, 2))
def test_passes_make_four_times_as_many_less_three(keyframes, passes):
    walk = spans(replace(ASKED, keyframes=keyframes, interpolate=passes, window=16))
    frames = sum(len(s.makes) for s in walk if s.stage == "decode")
    assert frames == 4**passes * (keyframes - 1) + 1


def test_a_second_pass_reads_the_first():
    one, two = (spans(replace(ASKED, interpolate=n)) for n in (1, 2))
    made = {s.key for s in two}
    assert all(s.key in made for s in one if s.stage == "interpolation")
    second = next(s for s in two if s.pass_index == 2)
    assert [k for k, read in enumerate(second.reads) if read] == [0, 4, 8, 12, 16]
    assert len(second.makes) == 12


def test_a_strip_of_words_alone_changes_no_key():
    assert film(strip_of(DENSE)) == film(None)
