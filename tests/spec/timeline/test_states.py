"""How clips stand by their keys: what edits leave made, and what a change costs."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.spec import strip as strips
from studio.spec.amounts import amount, kind_of_work
from studio.spec.request import Upsampling
from studio.spec.spans import last_keys, spans
from studio.spec.timeline import edits, filling, splitting, trimming
from studio.spec.timeline.clip import Clip, Footage
from studio.spec.timeline.gaps import gap_at
from studio.spec.timeline.media import Medium
from studio.spec.timeline.retiming import choose
from studio.spec.timeline.states import CHANGED, MADE, NEIGHBOUR, TO_MAKE, Wanted, plan, shown_keys
from tests.spec.requests import PLAIN, pace_of
from tests.spec.timeline.timelines import EDITS, V1, empty, ids, states

FULL = replace(PLAIN, interpolate=2)
OTHER = replace(FULL, prompt="a blue star")
ONE, TWO, FILL = (f"{n:012x}" for n in (1, 2, 3))
S1, S2, S3 = (f"{name:0>12}" for name in ("51", "52", "53"))
A, B, C = (f"{name:0>12}" for name in ("a", "b", "c"))
TAKES = {A: FULL, B: OTHER}
SHOTS = {S1: Wanted(FULL), S2: Wanted(OTHER)}
SECONDS = {"keyframes": 1.0, "interpolation": 0.5, "decode": 0.25}
PACE = pace_of(FULL, SECONDS)


def stored(*requests):
    return {span.key for request in requests for span in spans(request)}.__contains__


THERE = stored(FULL, OTHER)


def two(gap=31):
    clips = tuple(
        Clip(id, 40, space, footage=Footage(FULL.rate, Fraction(30), shot=shot, take=take))
        for id, shot, take, space in ((ONE, S1, A, 0), (TWO, S2, B, gap))
    )
    timeline = empty()
    return timeline.with_track(replace(timeline.track(V1), clips=clips))


def media(takes):
    return {
        id: Medium(request.frames, request.rate, request.frames_per_keyframe)
        for id, request in takes.items()
    }


def test_what_is_stored_and_as_it_is_wanted_is_made():
    found = plan(two(), TAKES, SHOTS, THERE, PACE)
    assert found.states == {ONE: MADE, TWO: MADE}
    assert (found.pieces, found.seconds) == ((), 0)


def test_a_shot_that_changed_is_a_piece_with_its_cost():
    strip = strips.rerolled(strips.fresh(8, 8), [3], 8, seed=9)
    shots = SHOTS | {S1: Wanted(replace(FULL, strip=strip))}
    found = plan(two(), TAKES, shots, THERE, PACE)
    assert found.states == {ONE: CHANGED, TWO: MADE}
    (piece,) = found.pieces
    assert (piece.clips, piece.states) == ((ONE,), (CHANGED,))
    new = [span for span in spans(piece.request) if not THERE(span.key)]
    assert piece.work.missing == sum(len(span.makes) for span in new)
    assert found.seconds == pytest.approx(sum(PACE[kind_of_work(s)] * amount(s) for s in new))
    assert found.seconds < plan(two(), TAKES, shots, stored(), PACE).seconds
    assert plan(two(), TAKES, shots, THERE, {}).seconds is None


def test_what_changed_elsewhere_in_its_shot_is_nothing_to_a_clip():
    """It shows frames 30 to 69 of 113; keyframes lie every 16."""
    for chosen, state in ((0, MADE), (1, CHANGED), (2, CHANGED), (4, CHANGED), (7, MADE)):
        strip = strips.rerolled(strips.fresh(8, 8), [chosen], 8, seed=9)
        shots = SHOTS | {S1: Wanted(replace(FULL, strip=strip))}
        assert plan(two(), TAKES, shots, THERE, PACE).states[ONE] == state, chosen


def test_extending_a_shot_leaves_its_clips_made():
    for before in (False, True):
        strip = strips.extended(strips.fresh(8, 8), 6, 8, before=before)
        shots = SHOTS | {S1: Wanted(replace(FULL, strip=strip))}
        assert plan(two(), TAKES, shots, THERE, PACE).states[ONE] == MADE


def test_frames_that_no_clip_shows_need_not_be_there():
    shown = shown_keys(spans(FULL), 30, 69)
    assert plan(
        two(), TAKES, SHOTS, {*shown_keys(spans(OTHER), 30, 69), *shown}.__contains__, {}
    ).states == {ONE: MADE, TWO: MADE}
    missing = lambda key: THERE(key) and key != shown[-1]  # noqa: E731
    assert plan(two(), TAKES, SHOTS, missing, PACE).states[ONE] == TO_MAKE


def test_only_the_chunks_in_which_its_frames_lie_count():
    """Chunks are of eight frames."""
    last = last_keys(spans(FULL))
    assert shown_keys(spans(FULL), 30, 69) == last[3:9]
    assert shown_keys(spans(FULL), 32, 63) == last[4:8]
    assert shown_keys(spans(FULL), 112, 112) == last[-1:]


def test_a_range_of_a_shot_that_has_become_shorter_changed():
    larger = replace(FULL, upsample=Upsampling(2, 100, 24, 4), only=(64, 112))
    takes = TAKES | {A: larger}
    clip = replace(two().clip(ONE), footage=replace(two().clip(ONE).footage, begin=Fraction(0)))
    timeline = edits.alter(two(), clip)
    has = stored(larger, OTHER)
    assert plan(timeline, takes, SHOTS, has, PACE).states[ONE] == MADE
    shots = SHOTS | {S1: Wanted(replace(FULL, keyframes=3))}
    assert plan(timeline, takes, shots, has, PACE).states[ONE] == CHANGED


def test_two_clips_of_one_shot_are_one_piece_and_counted_once():
    timeline = splitting.split(two(), ONE, 20, ids())
    shots = SHOTS | {S1: Wanted(replace(FULL, seed=99))}
    found = plan(timeline, TAKES, shots, THERE, PACE)
    (piece,) = found.pieces
    assert piece.clips == (ONE, timeline.track(V1).clips[1].id)
    assert found.counts == {CHANGED: 2, MADE: 1}


def test_pieces_that_share_spans_count_them_once():
    larger = replace(FULL, upsample=Upsampling(2, 100, 24, 4))
    takes = {A: FULL, B: larger}
    shots = {S1: Wanted(replace(FULL, seed=99)), S2: Wanted(replace(larger, seed=99))}
    found = plan(two(), takes, shots, stored(), PACE | {"upsample": 1.0})
    assert [piece.work.missing for piece in found.pieces] == [8 + 105 + 113, 113]


def test_a_take_of_another_seed_is_as_good_where_none_was_chosen():
    takes = TAKES | {A: replace(FULL, seed=12)}
    has = stored(FULL, OTHER, takes[A])
    assert plan(two(), takes, SHOTS, has, PACE).states[ONE] == CHANGED
    shots = SHOTS | {S1: Wanted(FULL, any_seed=True)}
    assert plan(two(), takes, shots, has, PACE).states[ONE] == MADE


def test_a_take_is_compared_at_its_own_size():
    larger = replace(FULL, upsample=Upsampling(2, 100, 24, 4))
    has = stored(FULL, OTHER, larger)
    assert plan(two(), TAKES | {A: larger}, SHOTS, has, PACE).states[ONE] == MADE


def test_without_a_take_or_its_frames_a_clip_is_to_be_made():
    clip = two().clip(ONE)
    unmade = edits.alter(two(), replace(clip, footage=replace(clip.footage, take="")))
    found = plan(unmade, TAKES, SHOTS, THERE, PACE)
    assert (found.states[ONE], found.pieces[0].work.missing) == (TO_MAKE, 0)
    gone = {span.key for span in spans(FULL) if span.stage == "decode"}
    evicted = plan(two(), TAKES, SHOTS, lambda key: THERE(key) and key not in gone, PACE)
    assert evicted.states == {ONE: TO_MAKE, TWO: MADE}
    assert evicted.seconds == 113 * SECONDS["decode"]


def test_a_take_whose_shot_is_gone_stays_as_it_is():
    assert plan(two(), TAKES, {}, THERE, PACE).states == {ONE: MADE, TWO: MADE}
    assert plan(two(), {}, {}, THERE, PACE).states == {ONE: TO_MAKE, TWO: TO_MAKE}
    assert plan(two(), {}, {}, THERE, PACE).pieces == ()


def bridged():
    """Two clips and what was made between them."""
    gap = gap_at(two(), V1, 50)
    made = filling.fill(gap, Fraction(24), FULL, media(TAKES), TAKES)
    takes = TAKES | {C: made.request}
    timeline = choose(filling.put_in(two(), gap, made, FILL, S3), FILL, C, media(takes))
    shots = SHOTS | {S3: Wanted(made.request)}
    return timeline, takes, shots, stored(*takes.values())


def state_of_fill(timeline, takes, shots, has):
    found = plan(timeline, takes, shots, has, PACE)
    assert FILL not in [clip for piece in found.pieces for clip in piece.clips]  # no silent cascade
    return found.states[FILL]


def test_what_was_made_between_others_says_when_they_changed():
    timeline, takes, shots, has = bridged()
    assert state_of_fill(timeline, takes, shots, has) == MADE
    assert state_of_fill(splitting.split(timeline, ONE, 20, ids()), takes, shots, has) == MADE
    together = edits.move_several(timeline, [ONE, TWO, FILL], 99, ids())
    assert state_of_fill(together, takes, shots, has) == MADE
    trimmed = trimming.trim(timeline, ONE, trimming.TAIL, -3, media(takes))
    closed = edits.close_gap(trimmed, V1, 38)
    slipped = trimming.slip(timeline, TWO, 5, media(takes))
    for changed in (trimmed, closed, slipped, edits.delete(timeline, [TWO])):
        assert state_of_fill(changed, takes, shots, has) == NEIGHBOUR


def test_a_neighbour_with_another_take_changed_unless_its_frame_is_the_same():
    timeline, takes, shots, has = bridged()
    elsewhere = replace(FULL, strip=strips.rerolled(strips.fresh(8, 8), [1], 8, seed=9))
    everywhere = replace(FULL, seed=99)
    for request, state in ((elsewhere, MADE), (everywhere, NEIGHBOUR)):
        new = takes | {ONE: request}
        changed = choose(timeline, ONE, ONE, media(new), S1)
        assert state_of_fill(changed, new, shots, has) == state


@settings(max_examples=15)
@given(EDITS, st.integers(0, 3))
def test_no_edit_makes_a_clip_that_was_made_another(some, seed):
    """Moving, rippling, splitting, trimming, retiming and renaming need no key that was not there."""
    first = two()
    for (name, *_), timeline in states(first, some):
        if name in ("insert", "overwrite", "append"):
            continue
        own = [c.id for c in timeline.track(V1).clips if c.footage.take in TAKES]
        found = plan(timeline, TAKES, SHOTS, THERE, PACE)
        assert {found.states[id] for id in own} <= {MADE}
        assert not [p for p in found.pieces if set(p.clips) & set(own)]
