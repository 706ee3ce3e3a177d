"""What a render would make: counted from the spans that it will walk."""

from dataclasses import replace

import pytest

from studio.spec import strip as strips
from studio.spec.forecast import ABSENT, MADE, OUT_OF_DATE, TO_MAKE, forecast
from studio.spec.request import Upsampling
from studio.spec.spans import spans
from studio.spec.stages import STAGES, sparse, stage_of, stages, stages_in, until
from tests.spec.requests import ASKED, pace_of

DENSE = replace(ASKED, interpolate=2)
PACE = pace_of(DENSE, {"keyframes": 0.5, "interpolation": 0.25, "decode": 0.125})


NEITHER = {"extended": ABSENT, "upsampled": ABSENT}


def stored(request):
    return {span.key for span in spans(request)}.__contains__


def states(found):
    return {stage.name: stage.state for stage in found.stages}


def test_the_first_time_everything_is_to_be_made():
    found = forecast(DENSE, lambda _: False, PACE)
    assert states(found) == dict.fromkeys(STAGES, TO_MAKE) | NEITHER
    assert (found.work.missing, found.work.frames) == (8 + 105 + 113, 8 + 105 + 113)
    assert found.work.seconds == pytest.approx(8 / 2 + 105 / 4 + 113 / 8)
    assert found.made == (False,) * 8


def test_what_is_there_costs_nothing():
    there = {span.key for span in spans(DENSE)}
    found = forecast(DENSE, there.__contains__, {})
    assert set(states(found).values()) == {MADE, ABSENT}
    assert found.work.missing == 0
    assert found.work.seconds == 0.0
    assert all(found.made)


def test_one_new_keyframe_makes_its_two_intervals_stale():
    strip = strips.rerolled(strips.fresh(8, 8), [3], 8, seed=9)
    asked = replace(DENSE, strip=strip)
    found = forecast(asked, stored(DENSE), PACE, before=stages_in(DENSE))
    assert states(found) == {
        "keyframes": OUT_OF_DATE,
        "extended": ABSENT,
        "upsampled": ABSENT,
        "interpolated": OUT_OF_DATE,
        "decoded": OUT_OF_DATE,
    }
    assert [work.missing for work in found.intervals] == [0, 0, 31, 31, 0, 0, 0]
    assert found.intervals[2].seconds == pytest.approx(15 / 4 + 16 / 8)
    assert found.made == (True, True, True, False, True, True, True, True)


def test_each_keyframe_of_the_strip_counts_once():
    """A keyframe made anew leaves the eight that it was made from in the list of spans."""
    strip = strips.rerolled(strips.fresh(8, 8), [3], 8, seed=9)
    asked = replace(DENSE, strip=strip)
    work = forecast(asked, stored(DENSE), PACE).stages[0].work
    assert (work.frames, work.missing, work.seconds) == (8, 1, 8 / 2)
    work = forecast(asked, stored(asked), PACE).stages[0].work
    assert (work.frames, work.missing) == (8, 0)
    longer = strips.extended(strip, 3, 8)
    keys, extended, *_ = forecast(replace(DENSE, strip=longer), stored(DENSE), PACE).stages
    assert (keys.work.frames, keys.work.missing) == (8, 1)
    assert (extended.work.frames, extended.work.missing) == (3, 3)


def test_what_is_half_made_for_the_first_time_is_not_out_of_date():
    some = {span.key for span in spans(DENSE)[:9]}
    found = forecast(DENSE, some.__contains__, PACE)
    assert states(found)["keyframes"] == MADE
    assert states(found)["interpolated"] == TO_MAKE


@pytest.mark.parametrize("larger", [None, Upsampling(steps=4, level=20, tile=64, overlap=16)])
def test_the_frames_of_the_clip_are_those_of_its_last_stage(larger):
    found = forecast(replace(DENSE, upsample=larger), lambda _: False, {})
    assert (found.clip.frames, found.clip.missing) == (113, 113)
    assert forecast(sparse(DENSE), lambda _: False, {}).clip.frames == 8


def test_other_words_after_a_render_are_stale_and_not_unmade():
    asked = replace(DENSE, prompt="a blue star")
    found = states(forecast(replace(asked, extend=2), lambda _: False, {}, before=stages_in(DENSE)))
    assert found == {
        "keyframes": OUT_OF_DATE,
        "extended": TO_MAKE,
        "interpolated": OUT_OF_DATE,
        "decoded": OUT_OF_DATE,
        "upsampled": ABSENT,
    }


def test_without_a_measured_pace_no_time_is_said():
    assert forecast(DENSE, lambda _: False, pace_of(DENSE, {"keyframes": 1.0})).work.seconds is None


def test_a_loop_has_an_interval_back_to_its_start():
    looped = replace(DENSE, loop=True)
    found = forecast(looped, lambda _: False, PACE)
    assert len(found.intervals) == len(found.keyframes) == 12
    assert sum(work.frames for work in found.intervals) == 12 * 15 + looped.frames


def test_a_locked_keyframe_is_there():
    key = spans(DENSE)[0].key
    strip = strips.locked(strips.fresh(8, 8), 2, key, 2)
    found = forecast(replace(DENSE, prompt="other words", strip=strip), lambda _: False, PACE)
    assert found.made == (False, False, True, False, False, False, False, False)


def test_every_span_has_a_stage_and_stages_come_in_order():
    how = Upsampling(steps=4, level=20, tile=64, overlap=16)
    walk = spans(replace(DENSE, extend=9, loop=True, upsample=how))
    assert sum((stage.spans for stage in stages(walk)), ()) == tuple(
        sorted(walk, key=lambda span: STAGES.index(stage_of(span)))
    )
    for stage in STAGES:
        assert {stage_of(span) for span in until(walk, stage)} == set(
            STAGES[: STAGES.index(stage) + 1]
        )


def test_sparse_leaves_the_keyframes_alone():
    long = replace(DENSE, extend=9)
    assert sparse(long) == replace(long, interpolate=0)
    assert sparse(long, extended=False) == replace(DENSE, interpolate=0)
    edited = replace(long, strip=strips.rerolled(strips.fresh(8, 8, extend=9), [1], 8, seed=3))
    assert len(sparse(edited, extended=False).strip.keys) == 8


def test_a_pace_counts_at_another_size_and_for_other_steps():
    """What a small picture took was promised for one of four times its pixels."""
    seconds = forecast(DENSE, lambda _: False, PACE).work.seconds
    larger = replace(DENSE, width=2 * DENSE.width, height=2 * DENSE.height)
    assert forecast(larger, lambda _: False, PACE).work.seconds == pytest.approx(4 * seconds)
    keys = [
        forecast(replace(DENSE, steps=steps), lambda _: False, PACE).stages[0].work.seconds
        for steps in (10, 20)
    ]
    assert keys[1] == pytest.approx(2 * keys[0])


def test_a_pace_is_that_of_its_model():
    other = replace(DENSE, model="another")
    assert forecast(other, lambda _: False, PACE).work.seconds is None
