"""Gaps filled and ranges made anew: what is held is exact, what lies outside keeps its keys."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.spec import strip as strips
from studio.spec.refusal import Refusal
from studio.spec.span import Read
from studio.spec.spans import last_keys, spans
from studio.spec.strip import Source
from studio.spec.timeline import edits, filling, splitting
from studio.spec.timeline.checking import faults
from studio.spec.timeline.clip import Clip, Footage
from studio.spec.timeline.gaps import gap_at, range_of
from studio.spec.timeline.holding import Held, held, latent_of
from studio.spec.timeline.media import Medium
from studio.spec.timeline.retiming import choose
from tests.spec.requests import PLAIN, REX
from tests.spec.timeline.timelines import SHOT, V1, cells, empty, ids

FULL = replace(PLAIN, interpolate=2)
OTHER = replace(FULL, prompt="a blue star", seed=9)
ONE, TWO, FILL, NEW_SHOT = (f"{n:012x}" for n in (1, 2, 3, 4))
A, B, MADE = (f"{name:0>12}" for name in ("a", "b", "c"))
TAKES = {A: FULL, B: OTHER}
WISH = replace(FULL, prompt="the ball becomes a star", seed=3)


def media(takes=None):
    return {
        id: Medium(request.frames, request.rate, request.frames_per_keyframe)
        for id, request in (takes or TAKES).items()
    }


def two(gap, rate=Fraction(24), length=40, begin=30, speed=Fraction(1)):
    """Parts of two takes, and a gap between them."""
    clips = tuple(
        Clip(id, length, space, footage=Footage(FULL.rate, Fraction(begin), speed, SHOT, take))
        for id, take, space in ((ONE, A, 0), (TWO, B, gap))
    )
    timeline = empty(rate)
    return timeline.with_track(replace(timeline.track(V1), clips=clips))


def filled(timeline, at, request=WISH, takes=TAKES, pictures=()):
    gap = gap_at(timeline, V1, at)
    made = filling.fill(gap, timeline.rate, request, media(takes), takes, dict(pictures))
    return gap, made, filling.put_in(timeline, gap, made, FILL, NEW_SHOT)


@settings(max_examples=20)
@given(st.integers(0, 112))
def test_each_frame_is_found_in_the_latents_that_it_is_decoded_from(number):
    """By walking the decoding spans, which say what they read for each frame."""
    seen = {}
    position = 0
    for span in spans(FULL):
        if span.stage == "decode":
            for k in range(len(span.makes)):
                read = span.reads[span.context_before + k]
                assert isinstance(read, Read)
                seen[position] = (span.inputs[read.input], read.frame)
                position += 1
    assert latent_of(FULL, number) == seen[number]


def test_a_range_and_a_loop_are_counted_from_their_own_start():
    assert latent_of(replace(FULL, only=(20, 40)), 3) == latent_of(FULL, 23)
    loop = replace(FULL, loop=True)
    assert latent_of(loop, loop.frames - 1) is not None
    with pytest.raises(IndexError):
        latent_of(FULL, 113)


def test_a_gap_is_filled_from_the_very_frames_beside_it():
    timeline = two(gap=31)
    gap, made, after = filled(timeline, 50)
    strip = made.request.strip
    ends = [(strip.sources[key.source].take, key.frame) for key in (strip.keys[0], strip.keys[-1])]
    assert ends == [latent_of(FULL, 69), latent_of(OTHER, 30)]
    # two of each side tell where things are going, a keyframe's time apart
    (fill,) = (source for source in strip.sources if source.given)
    told = [key and strip.sources[key.source].take for key in fill.given]
    assert told == [latent_of(FULL, 53)[0], ends[0][0], None, ends[1][0], latent_of(OTHER, 46)[0]]
    assert (made.speed, made.begin) == (1, 1)
    assert after.clip(FILL).length == gap.length
    assert made.request.frames == 33  # with both frames that it holds


def test_what_tells_where_things_go_is_a_keyframes_time_apart_as_it_plays():
    for speed, apart in ((Fraction(1), 16), (Fraction(1, 2), 8), (Fraction(3, 2), 24)):
        timeline = two(gap=31, speed=speed, length=20)
        gap = gap_at(timeline, V1, 30)
        before, after = gap.before.frame, gap.after.frame
        assert filling.edges(gap, WISH, media()) == (
            ((A, before - apart), (A, before)),
            ((B, after), (B, after + apart)),
        )
    start = gap_at(two(gap=31, begin=0, length=5), V1, 30)
    assert filling.edges(start, WISH, media())[0] == ((A, 4),)  # nothing is before it


def test_what_is_beside_a_filled_gap_keeps_its_keys():
    timeline = two(gap=31)
    _, made, after = filled(timeline, 50)
    beside = {span.key for request in TAKES.values() for span in spans(request)}
    new = [span for span in spans(made.request) if span.key not in beside]
    assert {span.stage for span in new} == {"keyframes", "interpolation", "decode"}
    assert sum(len(s.makes) for s in new if s.stage == "interpolation") == 30
    for id in (ONE, TWO):
        assert replace(after.clip(id), gap=0) == replace(timeline.clip(id), gap=0)


def test_a_gap_is_filled_alike_wherever_it_lies():
    """No place on the timeline is in a key."""
    timeline = two(gap=31)
    later = edits.move_several(timeline, [ONE, TWO], 1000, ids())
    assert filled(timeline, 50)[1] == filled(later, 1050)[1]


@settings(max_examples=30)
@given(
    st.integers(1, 700),
    st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(12)]),
    st.sampled_from([0, 1, 2]),
)
def test_any_gap_is_filled_to_the_frame(gap, rate, passes):
    """The frame before its first would be the one before the gap, that after its last the one after."""
    takes = {id: replace(request, interpolate=passes) for id, request in TAKES.items()}
    clips = {id: takes[id].frames - 1 for id in takes}
    timeline = empty(rate)
    placed = tuple(
        Clip(id, 1, space, footage=Footage(takes[take].rate, Fraction(at), shot=SHOT, take=take))
        for id, take, space, at in ((ONE, A, 0, clips[A]), (TWO, B, gap, 0))
    )
    timeline = timeline.with_track(replace(timeline.track(V1), clips=placed))
    wish = replace(WISH, interpolate=passes)
    _, made, after = filled(timeline, 1, wish, takes)
    footage = after.clip(FILL).footage
    assert footage.frame(-1, rate) == 0
    assert footage.frame(gap, rate) == made.request.frames - 1
    assert not list(made.request.unfit())
    takes[MADE] = made.request
    done = choose(after, FILL, MADE, media(takes))
    assert list(faults(done, media(takes))) == []
    for source in made.request.strip.sources:
        assert len(source.given) <= made.request.window


def test_a_long_gap_is_filled_in_pieces():
    timeline = two(gap=16 * 20 - 1)
    _, made, _ = filled(timeline, 50)
    strip = made.request.strip
    fills = [source for source in strip.sources if source.given]
    assert len(fills) > 2
    assert sum(source.is_prediction for source in fills) == len(fills) - 1
    assert len(strip.keys) == 21
    positions = [strip.position(key) for key in strip.keys]
    assert positions == list(range(positions[0], positions[0] + 21))


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_gap_beside_one_clip_goes_on_from_it(side):
    timeline = edits.delete(two(gap=50), [TWO if side == "before" else ONE])
    start = 40 if side == "before" else 0
    length = 20 if side == "before" else 90
    gap = range_of(timeline, V1, start, length)
    made = filling.fill(gap, timeline.rate, WISH, media(), TAKES)
    after = filling.put_in(timeline, gap, made, FILL, NEW_SHOT)
    footage = after.clip(FILL).footage
    key = made.request.strip.keys[0 if side == "before" else -1]
    held_frame = (made.request.strip.sources[key.source].take, key.frame)
    if side == "before":
        assert (footage.frame(-1, timeline.rate), held_frame) == (0, latent_of(FULL, 69))
    else:
        assert footage.frame(90, timeline.rate) == made.request.frames - 1
        assert held_frame == latent_of(OTHER, 30)
    assert footage.frame(0, timeline.rate) >= 0


def test_a_retake_of_a_range_leaves_the_rest_as_it_is():
    clip = Clip(ONE, 113, footage=Footage(FULL.rate, shot=SHOT, take=A))
    timeline = edits.append(empty(), V1, clip)
    length = filling.fitting(48, timeline.rate, WISH)
    assert length == 47
    cut, gap = filling.opened(timeline, ONE, 33, 33 + length, ids())
    made = filling.fill(gap, timeline.rate, WISH, media(), TAKES)
    after = filling.put_in(cut, gap, made, FILL, NEW_SHOT)
    assert (made.speed, made.request.frames) == (1, 49)
    strip = made.request.strip
    ends = [(strip.sources[key.source].take, key.frame) for key in (strip.keys[0], strip.keys[-1])]
    assert ends == [latent_of(FULL, 32), latent_of(FULL, 80)]
    before, now = cells(timeline, V1), cells(after, V1)
    assert now[:33] == before[:33]
    assert now[80:] == before[80:]
    outside = {clip.footage.take for clip in after.track(V1).clips if clip.id != FILL}
    assert outside == {A}  # the very files that were there
    assert not set(last_keys(spans(made.request))) & set(last_keys(spans(FULL)))


def test_words_seed_and_strength_each_make_another_retake():
    timeline = edits.append(
        empty(), V1, Clip(ONE, 113, footage=Footage(FULL.rate, shot=SHOT, take=A))
    )
    _, gap = filling.opened(timeline, ONE, 33, 80, ids())
    keys = set()
    weaker = replace(REX, strength=0.3)
    for change in ({}, {"seed": 1}, {"prompt": "x"}, {"subject": REX}, {"subject": weaker}):
        made = filling.fill(gap, timeline.rate, replace(FULL, **change), media(), TAKES)
        keys.add(last_keys(spans(made.request)))
    assert len(keys) == 5


def test_a_range_at_the_end_of_a_clip_is_held_by_what_plays_beside_it():
    _, gap = filling.opened(two(gap=0), ONE, 20, 40, ids())
    assert (gap.before.clip.id, gap.after.clip.id) == (ONE, TWO)
    _, gap = filling.opened(two(gap=5), ONE, 20, 40, ids())
    assert (gap.length, gap.after) == (20, None)
    with pytest.raises(Refusal, match="not within"):
        filling.opened(two(gap=5), ONE, 20, 41, ids())


def test_a_gap_that_has_changed_is_not_filled_with_what_was_made_for_it():
    timeline = two(gap=31)
    gap, made, _ = filled(timeline, 50)
    for changed in (
        edits.overwrite(timeline, V1, Clip(FILL, 3, footage=Footage(FULL.rate)), 50, ids()),
        edits.move(timeline, TWO, 75, ids()),
        edits.ripple_delete(timeline, TWO),
    ):
        with pytest.raises(Refusal, match="no longer"):
            filling.put_in(changed, gap, made, FILL, NEW_SHOT)


def test_frames_of_files_and_of_other_models_are_held_as_pictures():
    picture = "ab" * 16
    takes = TAKES | {B: replace(OTHER, width=128)}
    timeline = two(gap=31)
    with pytest.raises(Refusal, match="another model or size"):
        filled(timeline, 50, takes=takes)
    pictures = {(B, 30): picture, (B, 46): picture}
    _, made, _ = filled(timeline, 50, takes=takes, pictures=pictures)
    strip = made.request.strip
    assert strip.sources[strip.keys[-1].source].picture == picture
    assert strip.sources[strip.keys[0].source].take


def test_without_anything_beside_it_a_gap_stays():
    timeline = edits.delete(two(gap=31), [ONE, TWO])
    with pytest.raises(Refusal, match="Nothing plays"):
        filling.fill(range_of(timeline, V1, 5, 9), Fraction(24), WISH, media(), TAKES)


def test_a_neighbour_that_is_not_made_yet_is_said():
    timeline = two(gap=31)
    clip = timeline.clip(TWO)
    unmade = edits.alter(timeline, replace(clip, footage=replace(clip.footage, take="")))
    with pytest.raises(Refusal, match="no frames"):
        filled(unmade, 50)


def test_a_split_beside_it_changes_nothing():
    timeline = two(gap=31)
    cut = splitting.split(timeline, ONE, 20, ids())
    assert filled(cut, 50)[1].request == filled(timeline, 50)[1].request


def test_frames_are_held_by_the_latents_they_were_decoded_from():
    one = held((A, 20), WISH, TAKES, {})
    assert one == Held(Source(take=latent_of(FULL, 20)[0]), latent_of(FULL, 20)[1])


def test_strips_between_are_of_the_desk():
    """What is made is an ordinary strip: keyframes of it can be made anew."""
    strip = filled(two(gap=95), 50)[1].request.strip
    again = strips.rerolled(strip, [2], 8, seed=5)
    assert (again.keys[0], again.keys[-1]) != ((), ())
    assert len(again.keys) == len(strip.keys)
