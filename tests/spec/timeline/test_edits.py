"""Edits of timelines by hand: what each does, what goes along, and what is refused."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.spec.refusal import Refusal
from studio.spec.timeline import edits, marking, retiming, splitting, trimming
from studio.spec.timeline.checking import faults
from studio.spec.timeline.clip import Clip, Sound, Words
from studio.spec.timeline.timeline import Marker, Timeline
from studio.spec.timeline.track import Track
from tests.spec.timeline.timelines import (
    A1,
    EDITS,
    FILM,
    MEDIA,
    P1,
    RATES,
    SHOT,
    TAKES,
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

ONE, TWO, THREE = (f"{n:012x}" for n in (1, 2, 3))
NEW = "f" * 12


def lies(timeline: Timeline, track: str = V1) -> list[tuple[int, int]]:
    """Where each clip of a track begins and ends."""
    there = timeline.track(track)
    return [(start, start + clip.length) for start, clip in there.placed()]


def synced(timeline: Timeline, at: int, length: int, track: str = P1) -> Timeline:
    """With words on a track that moves along."""
    return edits.overwrite(timeline, track, words(NEW[:-1] + "e", length), at, ids())


def test_an_insert_splits_what_plays_there_and_moves_what_follows():
    timeline = edits.insert(row((0, 20), (5, 20)), V1, video(NEW, 7), 8, ids())
    assert lies(timeline) == [(0, 8), (8, 15), (15, 27), (32, 52)]
    assert [clip.id for clip in timeline.track(V1).clips] == [ONE, NEW, f"{0x1000:012x}", TWO]


def test_a_ripple_moves_tracks_in_sync_and_cuts_nothing_on_them():
    before = synced(row((0, 20), (0, 20)), 15, 10)
    before = edits.overwrite(before, P1, words("e" * 12, 5), 30, ids())
    after = edits.insert(before, V1, video(NEW, 7), 20, ids())
    assert lies(after, P1) == [(15, 25), (37, 42)]
    assert edits.ripple_delete(after, NEW) == before
    with pytest.raises(Refusal, match="Words"):
        edits.ripple_delete(before, ONE)
    free = marking.set_track(before, P1, synced=False)
    assert lies(edits.ripple_delete(free, ONE)) == [(0, 20)]
    assert lies(edits.ripple_delete(free, ONE), P1) == lies(before, P1)


def test_overwriting_the_middle_of_a_clip_leaves_two_pieces():
    timeline = edits.overwrite(row((0, 20)), V1, video(NEW, 5, take=1), 8, ids())
    assert lies(timeline) == [(0, 8), (8, 13), (13, 20)]
    assert cells(timeline, V1)[13:20] == cells(row((0, 20)), V1)[13:20]


@pytest.mark.parametrize(("at", "left"), [(0, [(9, 20)]), (11, [(0, 11)]), (-5, [(4, 20)])])
def test_what_is_left_of_a_clip_keeps_its_id(at, left):
    timeline = edits.move(row((0, 20)), ONE, 30, ids())
    over = edits.overwrite(timeline, V1, video(NEW, 9), 30 + at, ids())
    assert [
        (start - 30, start - 30 + clip.length)
        for start, clip in over.track(V1).placed()
        if clip.id == ONE
    ] == left
    assert len(over.track(V1).clips) == 2


def test_linked_clips_move_split_and_go_together():
    timeline = edits.overwrite(row((0, 20), (0, 20)), A1, sound("c" * 12, 20), 0, ids())
    timeline = edits.link(timeline, [ONE, "c" * 12], "d" * 12)
    moved = edits.move(timeline, ONE, 50, ids())
    assert (lies(moved), lies(moved, A1)) == ([(20, 40), (50, 70)], [(50, 70)])
    cut = splitting.split(timeline, ONE, 5, ids())
    assert lies(cut, A1) == [(0, 5), (5, 20)]
    links = [clip.link for clip in (*cut.track(V1).clips[:2], *cut.track(A1).clips)]
    assert links[0] == links[2] != links[1] == links[3]
    assert [clip.sound for clip in cut.track(A1).clips] == [Sound(-6.0, 3, 0), Sound(-6.0, 0, 0)]
    assert lies(edits.delete(timeline, [ONE]), A1) == []
    assert lies(edits.delete(edits.unlink(timeline, [ONE]), [ONE]), A1) == [(0, 20)]
    trimmed = trimming.trim(timeline, ONE, trimming.TAIL, -4, MEDIA)
    assert lies(trimmed, A1) == [(0, 16)]


def test_nothing_moves_before_the_start():
    timeline = row((10, 20))
    assert lies(edits.move(timeline, ONE, -5, ids())) == [(0, 20)]


def test_several_clips_keep_their_distance():
    timeline = edits.move_several(row((0, 20), (5, 20), (0, 20)), [ONE, THREE], 10, ids())
    assert lies(timeline) == [(10, 30), (30, 45), (55, 75)]
    assert timeline.track(V1).clips[1].id == TWO


def test_clips_that_would_lie_over_one_another_are_refused():
    timeline = edits.overwrite(row((0, 20)), V2, video(NEW, 20), 5, ids())
    with pytest.raises(Refusal, match="over one another"):
        edits.move_several(timeline, [ONE, NEW], 0, ids(), {NEW: V1})


def test_a_clip_goes_to_another_track_of_its_kind():
    timeline = edits.move(row((0, 20)), ONE, 30, ids(), V2)
    assert (lies(timeline), lies(timeline, V2)) == ([], [(30, 50)])
    with pytest.raises(Refusal, match="audio track"):
        edits.move(timeline, ONE, 30, ids(), A1)


def test_the_order_of_clips_changes_without_a_gap():
    timeline = row((0, 20), (0, 10), (0, 30))
    order = lambda t: [clip.id for clip in t.track(V1).clips]  # noqa: E731
    last = edits.reorder(timeline, ONE, 60, ids())
    assert (order(last), lies(last)) == ([TWO, THREE, ONE], [(0, 10), (10, 40), (40, 60)])
    assert edits.reorder(last, ONE, 0, ids()) == timeline
    middle = edits.reorder(timeline, THREE, 20, ids())
    assert (order(middle), lies(middle)) == ([ONE, THREE, TWO], [(0, 20), (20, 50), (50, 60)])
    assert edits.reorder(timeline, TWO, 25, ids()) == timeline


def test_a_locked_track_is_left_alone():
    timeline = marking.set_track(synced(row((0, 20), (3, 20)), 30, 10), P1, locked=True)
    assert lies(edits.insert(timeline, V1, video(NEW, 7), 0, ids()), P1) == [(30, 40)]
    locked = marking.set_track(timeline, V1, locked=True)
    for edit in (
        lambda: edits.insert(locked, V1, video(NEW, 7), 0, ids()),
        lambda: edits.move(locked, ONE, 5, ids()),
        lambda: edits.delete(locked, [ONE]),
        lambda: edits.ripple_delete(locked, ONE),
        lambda: edits.rename(locked, ONE, "x"),
        lambda: edits.close_gap(locked, V1, 21),
        lambda: splitting.split(locked, ONE, 5, ids()),
        lambda: trimming.trim(locked, ONE, trimming.HEAD, 5, MEDIA),
        lambda: retiming.retime(locked, ONE, Fraction(2), MEDIA),
        lambda: marking.remove_track(locked, V1),
    ):
        with pytest.raises(Refusal, match="locked"):
            edit()


def test_gaps_close():
    timeline = synced(row((4, 20), (6, 20)), 40, 10)
    assert lies(edits.close_gap(timeline, V1, 25)) == [(4, 24), (24, 44)]
    assert lies(edits.close_gap(timeline, V1, 25), P1) == [(34, 44)]
    assert lies(edits.close_gap(timeline, V1, 0)) == [(0, 20), (26, 46)]
    assert edits.close_gap(timeline, V1, 10) == timeline
    assert edits.close_gap(timeline, V1, 90) == timeline


def test_an_end_is_dragged_as_far_as_its_medium_and_its_neighbours():
    timeline = row((0, 20), (5, 20))
    assert lies(trimming.trim(timeline, ONE, trimming.TAIL, 90, MEDIA)) == [(0, 25), (25, 45)]
    assert lies(trimming.trim(timeline, ONE, trimming.TAIL, -90, MEDIA)) == [(0, 1), (25, 45)]
    assert lies(trimming.trim(timeline, TWO, trimming.HEAD, -90, MEDIA)) == [(0, 20), (20, 45)]
    rippled = trimming.trim(timeline, ONE, trimming.TAIL, 900, MEDIA, ripple=True)
    assert lies(rippled) == [(0, 97), (102, 122)]  # of 113 frames it began at 16
    assert rippled.clip(ONE).footage.frame(96, timeline.rate) == 112
    head = trimming.trim(timeline, TWO, trimming.HEAD, -900, MEDIA, ripple=True)
    assert lies(head) == [(0, 20), (25, 77)]
    assert head.clip(TWO).footage.begin == 0


def test_a_ripple_trim_takes_along_what_is_in_sync():
    timeline = synced(row((0, 20), (0, 20)), 22, 10)
    shorter = trimming.trim(timeline, ONE, trimming.TAIL, -5, MEDIA, ripple=True)
    assert (lies(shorter), lies(shorter, P1)) == ([(0, 15), (15, 35)], [(17, 27)])
    assert trimming.trim(shorter, ONE, trimming.TAIL, 5, MEDIA, ripple=True) == timeline


def test_words_grow_without_end():
    timeline = synced(empty(), 5, 10)
    id = timeline.track(P1).clips[0].id
    assert lies(trimming.trim(timeline, id, trimming.TAIL, 1000, MEDIA), P1) == [(5, 1015)]


def test_what_a_take_lacks_is_asked_for_and_lands():
    timeline = row((0, 90), (3, 20))  # begins at frame 16 of 113
    longer_now, asked = trimming.extend(timeline, ONE, trimming.TAIL, 40, MEDIA)
    assert lies(longer_now) == [(0, 97), (100, 120)]
    assert (asked.frames, asked.keyframes) == (33, 3)  # 33 of 48
    assert list(faults(longer_now, MEDIA)) == []
    longer = MEDIA | {NEW: replace(TAKES[f"{'d1':0>12}"], frames=113 + 48)}
    after = trimming.landed(longer_now, asked, NEW, longer)
    assert lies(after) == [(0, 130), (133, 153)]
    assert list(faults(after, longer)) == []


def test_a_fast_clip_lacks_more_of_its_take():
    fast = retiming.retime(row((0, 97)), ONE, Fraction(2), MEDIA)  # all that is left of it
    longer, asked = trimming.extend(fast, ONE, trimming.TAIL, 20, MEDIA)
    assert lies(longer) == [(0, 49)]
    assert (asked.frames, asked.keyframes) == (20, 3)  # 40 frames of 48
    near = row((0, 90), (3, 20))
    _, asked = trimming.extend(near, ONE, trimming.TAIL, 5, MEDIA, ripple=False)
    assert (asked.frames, asked.keyframes) == (2, 0)  # what is lacking is room


def test_a_clip_is_extended_backwards_too():
    timeline = row((0, 20))
    longer_now, asked = trimming.extend(timeline, ONE, trimming.HEAD, 20, MEDIA)
    assert (lies(longer_now), asked.frames, asked.keyframes) == ([(0, 36)], 4, 1)
    longer = MEDIA | {NEW: replace(TAKES[f"{'d1':0>12}"], frames=113 + 16)}
    after = trimming.landed(longer_now, asked, NEW, longer)
    assert lies(after) == [(0, 40)]
    assert after.clip(ONE).footage.begin == 12  # 16 more before, of which 4 are shown


def test_a_file_is_not_extended():
    clip = video(ONE, 10)
    film = replace(
        clip, footage=replace(clip.footage, shot="", take="", asset=FILM.id, rate=FILM.rate)
    )
    timeline = edits.append(empty(), V1, trimming.whole(empty(), film, MEDIA))
    assert lies(timeline) == [(0, 192)]  # 200 frames at 25, of which the last is shown
    with pytest.raises(Refusal, match="no more of this file"):
        trimming.extend(timeline, ONE, trimming.TAIL, 40, MEDIA)


def test_another_speed_shows_the_same_range():
    timeline = row((0, 20), (5, 20))
    fast = retiming.retime(timeline, ONE, Fraction(2), MEDIA)
    assert lies(fast) == [(0, 10), (25, 45)]
    assert [frame for _, frame in cells(fast, V1)[:10]] == list(range(16, 36, 2))
    slow = retiming.retime(timeline, ONE, Fraction(1, 2), MEDIA)
    assert lies(slow) == [(0, 25), (25, 45)]
    assert lies(retiming.retime(timeline, ONE, Fraction(1, 2), MEDIA, ripple=True)) == [
        (0, 40),
        (45, 65),
    ]
    three = row((0, 20), (5, 20), (7, 20))
    assert lies(retiming.retime(three, TWO, Fraction(1, 2), MEDIA)) == [(0, 20), (25, 52), (52, 72)]
    assert lies(retiming.retime(three, TWO, Fraction(2), MEDIA)) == [(0, 20), (25, 35), (52, 72)]
    for speed in (Fraction(0), Fraction(1, 101), Fraction(101)):
        with pytest.raises(Refusal):
            retiming.retime(timeline, ONE, speed, MEDIA)
    assert lies(retiming.retime(timeline, ONE, Fraction(1, 100), MEDIA))[0] == (0, 25)


def test_a_take_is_chosen_at_the_same_time_and_never_shortens_a_clip():
    draft, full, short = TAKES
    timeline = edits.append(empty(), V1, trimming.whole(empty(), video(ONE), MEDIA))
    chosen = retiming.choose(timeline, ONE, draft, MEDIA)
    assert chosen == timeline
    chosen = retiming.choose(timeline, ONE, full, MEDIA)
    assert lies(chosen) == lies(timeline) == [(0, 113)]
    assert cells(chosen, V1)[112] == (full, 7)
    assert retiming.choose(chosen, ONE, draft, MEDIA) == timeline
    with pytest.raises(Refusal, match="shorter"):
        retiming.choose(timeline, ONE, short, MEDIA)
    with pytest.raises(KeyError):
        retiming.choose(timeline, ONE, NEW, MEDIA)


def test_what_is_shown_slips_under_its_ends():
    timeline = row((0, 20))
    assert cells(trimming.slip(timeline, ONE, 3, MEDIA), V1)[0] == (next(iter(TAKES)), 19)
    assert cells(trimming.slip(timeline, ONE, 999, MEDIA), V1)[19] == (next(iter(TAKES)), 112)
    assert cells(trimming.slip(timeline, ONE, -999, MEDIA), V1)[0] == (next(iter(TAKES)), 0)


def test_marks_markers_and_fades_keep_their_times_at_another_rate():
    timeline = marking.mark_out(marking.mark_in(row((0, 20)), 5), 12)
    timeline = marking.add_marker(timeline, Marker(TWO, 9, "beat", 6))
    timeline = edits.append(timeline, A1, replace(sound(THREE, 20), sound=Sound(0.0, 4, 6)))
    twice = retiming.at_rate(timeline, Fraction(48), MEDIA)
    assert (twice.mark_in, twice.mark_out) == (10, 24)
    assert twice.markers == (Marker(TWO, 18, "beat", 12),)
    assert twice.clip(THREE).sound == Sound(0.0, 8, 12)
    assert retiming.at_rate(twice, Fraction(24), MEDIA) == timeline
    short = marking.mark_out(marking.mark_in(row((0, 20)), 5), 6)
    assert marking.marked(retiming.at_rate(short, Fraction(1), MEDIA)) == (0, 1)
    with pytest.raises(Refusal, match="rate"):
        retiming.at_rate(short, Fraction(0), MEDIA)


def test_marks_and_markers():
    timeline = marking.mark_out(marking.mark_in(row((0, 20)), 5), 12)
    assert marking.marked(timeline) == (5, 12)
    assert marking.marked(marking.mark_in(timeline, 15)) == (15, 20)
    assert marking.marked(marking.mark_out(timeline, 5)) == (0, 5)
    assert marking.marked(marking.mark_in(row((0, 20)), 50)) == (50, 50)
    assert marking.mark_out(row((0, 20)), -3).mark_out == 1
    assert marking.mark_in(row((0, 20)), -3).mark_in == 0
    two = marking.add_marker(timeline, Marker(TWO, 9, "beat"))
    two = marking.add_marker(two, Marker(ONE, 3))
    assert [marker.frame for marker in two.markers] == [3, 9]
    assert marking.remove_marker(two, ONE).markers == (Marker(TWO, 9, "beat"),)
    for wrong in (lambda: marking.add_marker(two, Marker(ONE, 4)),):
        with pytest.raises(ValueError, match="already"):
            wrong()
    with pytest.raises(KeyError):
        marking.remove_marker(two, THREE)


def test_a_dragged_edge_snaps_to_the_nearest():
    timeline = marking.add_marker(row((0, 20), (5, 20)), Marker(THREE, 60, length=4))
    places = marking.snaps(timeline, but=[TWO], playhead=33)
    assert places == (0, 20, 33, 60, 64)
    assert marking.snap(places, [23, 43], 3) == -3
    assert marking.snap(places, [23, 32], 3) == 1
    assert marking.snap(places, [27], 3) is None
    assert marking.snap(places, [], 3) is None


def test_a_clip_keeps_its_place_when_it_is_altered():
    timeline = synced(row((0, 20)), 7, 10)
    clip = timeline.track(P1).clips[0]
    other = edits.alter(timeline, replace(clip, words=Words("a star"), gap=0))
    assert (lies(other, P1), other.clip(clip.id).words) == ([(7, 17)], Words("a star"))
    with pytest.raises(ValueError, match="frames of prompt"):
        edits.alter(timeline, replace(clip, length=3))


def test_nothing_is_there_twice():
    timeline = row((0, 20))
    for edit in (
        lambda: edits.insert(timeline, V1, video(ONE, 3), 0, ids()),
        lambda: edits.append(timeline, V2, video(ONE, 3)),
        lambda: marking.add_track(timeline, Track(V1, "video")),
        lambda: marking.add_asset(timeline, FILM),
    ):
        with pytest.raises(ValueError, match="already"):
            edit()


def test_an_asset_stays_while_it_is_shown():
    timeline = edits.append(empty(), A1, sound(ONE))
    music = timeline.clip(ONE).footage.asset
    with pytest.raises(Refusal, match="on the timeline"):
        marking.remove_asset(timeline, music)
    assert music not in {a.id for a in marking.remove_asset(empty(), music).assets}


def test_a_timeline_has_an_end():
    timeline = row((0, 20))
    with pytest.raises(Refusal, match="too long"):
        edits.move(timeline, ONE, 10**9, ids())


@pytest.mark.parametrize(
    "wrong",
    [
        lambda t: replace(t, markers=(Marker(ONE, 3),)),
        lambda t: replace(t, mark_in=5, mark_out=5),
        lambda t: t.with_track(replace(t.track(V1), clips=(replace(t.clip(ONE), gap=-1),))),
        lambda t: t.with_track(replace(t.track(V1), clips=(replace(t.clip(ONE), length=0),))),
        lambda t: t.with_track(replace(t.track(V1), clips=(replace(t.clip(ONE), length=98),))),
        lambda t: t.with_track(replace(t.track(A1), clips=(replace(t.clip(ONE), id=TWO),))),
        lambda t: t.with_track(replace(t.track(P1), clips=(Clip(TWO, 5),))),
        lambda t: replace(t, assets=()).with_track(replace(t.track(A1), clips=(sound(TWO),))),
        lambda t: t.with_track(replace(t.track(V1), clips=(video(TWO, 3, take=1), video(TWO, 3)))),
        lambda t: t.with_track(
            replace(t.track(A1), clips=(replace(sound(TWO), sound=Sound(float("nan"))),))
        ),
        lambda t: t.with_track(
            replace(
                t.track(V1),
                clips=(
                    replace(t.clip(ONE), footage=replace(t.clip(ONE).footage, speed=Fraction(0))),
                ),
            )
        ),
    ],
)
def test_what_is_wrong_is_found(wrong):
    good = row((0, 20))
    assert list(faults(good, MEDIA)) == []
    assert list(faults(wrong(good), MEDIA)) != []
    assert list(faults(wrong(good), MEDIA, good)) != []


@settings(max_examples=25)
@given(EDITS, st.sampled_from(RATES), st.integers(0, 80), st.integers(0, 10**6))
def test_moving_and_deleting_change_only_what_they_are_about(some, rate, to, pick):
    *_, (_, timeline) = states(empty(rate), some)
    timeline = edits.unlink(timeline, [c.id for t in timeline.tracks for c in t.clips])
    clips = timeline.track(V1).clips
    if not clips:
        return
    clip = clips[pick % len(clips)]
    start, own = timeline.start(clip.id), cells(timeline, V1, 600)
    end = start + clip.length
    lifted = own[:start] + [None] * clip.length + own[end:]
    assert cells(edits.delete(timeline, [clip.id]), V1, 600) == lifted
    moved = cells(edits.move(timeline, clip.id, to, ids(0x90000)), V1, 600)
    assert moved == lifted[:to] + own[start:end] + lifted[to + clip.length :]
    for id in (V2, P1, A1):
        after = edits.move(timeline, clip.id, to, ids(0x90000))
        assert after.track(id) == timeline.track(id)


def test_a_shot_without_a_take_is_as_long_as_one_wants():
    clip = video(ONE, 10)
    unmade = replace(clip, footage=replace(clip.footage, take="", shot=SHOT))
    timeline = edits.append(empty(), V1, unmade)
    assert lies(trimming.trim(timeline, ONE, trimming.TAIL, 500, MEDIA)) == [(0, 510)]
