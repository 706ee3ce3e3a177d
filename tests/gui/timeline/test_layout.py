"""Where things are on the timeline: frames, tracks, times, pictures, keyframes; no window."""

import itertools
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.spec.timeline.clip import Clip, Footage
from studio.spec.timeline.media import Medium
from studio.spec.timeline.trimming import HEAD, TAIL
from studio.ui.timeline.hits import CLIP, GAP, NAME, NOTHING, RULE, hit
from studio.ui.timeline.layout import (
    APART,
    CLOSEST,
    HEADING,
    RULER,
    Scale,
    height_of,
    row_at,
    rows,
    ticks,
)
from studio.ui.timeline.tiles import DIAMOND, SMALLEST, Film, diamonds, tiles
from tests.spec.timeline.timelines import V1, empty, row

ZOOMS = st.floats(0.01, CLOSEST)


@given(ZOOMS, st.integers(0, 5000), st.floats(0.2, 5), st.integers(HEADING, 1200))
def test_zooming_keeps_the_frame_at_the_pointer(zoom, left, factor, x):
    scale = Scale(zoom, left, 1200).within(9000)
    new = scale.zoomed(factor, x, 9000)
    assert scale.farthest(9000) <= new.zoom <= CLOSEST
    if 0 < new.left < new.last(9000):
        assert new.x(scale.frame(x)) == pytest.approx(x, abs=0.01)


@given(ZOOMS, st.integers(1, 100_000))
def test_a_fitted_timeline_is_seen_from_start_to_end(zoom, length):
    scale = Scale(zoom, 77, 1000).fitted(length)
    assert scale.x(0) == HEADING
    assert scale.x(length) <= 1000


def test_scrolling_ends_where_there_is_nothing_more_to_see():
    scale = Scale(4, 0, 912)
    assert scale.moved(-500, 1000).left == 0
    assert scale.moved(10**6, 1000).left == 1000 - 0.75 * scale.seen
    assert scale.moved(40, 1000).left == 10
    assert scale.showing(50, 1000) is scale
    assert scale.showing(500, 1000).x(500) > HEADING


def test_words_lie_on_top_and_what_covers_lies_above_what_it_covers():
    timeline = empty()
    made = rows(timeline.tracks)
    assert [timeline.tracks[r.number].kind for r in made] == ["prompt", "video", "video", "audio"]
    assert timeline.tracks[made[1].number].name == "Over it"
    assert made[0].top == RULER
    assert all(a.bottom < b.top for a, b in itertools.pairwise(made))
    assert height_of(rows(timeline.tracks, 2.0)) > 1.8 * height_of(made) - RULER
    assert row_at(made, RULER - 1) is None
    assert row_at(made, made[2].top + 3) == made[2]
    assert height_of(()) == RULER


def test_what_lies_under_the_pointer():
    timeline = row((0, 40), (20, 40))
    made, scale = rows(timeline.tracks), Scale(4, 0, 900)
    film = next(r for r in made if timeline.tracks[r.number].id == V1)
    y = film.top + 10
    looks = {
        (HEADING + 80, y): (CLIP, f"{1:012x}", ""),
        (HEADING + 2, y): (CLIP, f"{1:012x}", HEAD),
        (HEADING + 158, y): (CLIP, f"{1:012x}", TAIL),
        (HEADING + 200, y): (GAP, "", ""),
        (20, y): (NAME, "", ""),
        (300, 5): (RULE, "", ""),
        (300, 900): (NOTHING, "", ""),
    }
    for (x, down), (what, clip, end) in looks.items():
        found = hit(timeline, made, scale, x, down)
        assert (found.what, found.clip, found.end) == (what, clip, end), (x, down)
    assert hit(timeline, made, scale, HEADING + 200, y).frame == 50


@given(ZOOMS, st.integers(0, 20_000), st.sampled_from([24, 25, Fraction(30000, 1001), 12]))
def test_times_on_the_ruler_never_touch(zoom, left, rate):
    scale = Scale(zoom, left, 1500)
    found = list(ticks(scale, Fraction(rate), HEADING, 1500))
    places = [scale.x(tick.frame) for tick in found]
    assert places == sorted(places)
    named = [scale.x(tick.frame) for tick in found if tick.label]
    far = min((b - a for a, b in itertools.pairwise(named)), default=APART)
    assert far > APART - zoom - 1  # a second begins with a whole frame
    assert len(found) < 200


def film_of(length, every=16, speed=1, begin=0):
    footage = Footage(Fraction(24), Fraction(begin), Fraction(speed), shot="a" * 12, take="b" * 12)
    clip = Clip("c" * 12, length, footage=footage)
    return Film(
        clip, 30, float(begin), float(speed), Medium(begin + length * speed, Fraction(24), every)
    )


@given(ZOOMS, st.integers(1, 4000), st.sampled_from([0, 1, 8, 16]), st.integers(1, 3))
def test_pictures_fill_what_is_seen_of_a_clip_and_never_get_too_small(zoom, length, every, speed):
    film, scale = film_of(length, every, speed, 5), Scale(zoom, 0, 1500)
    made = list(tiles(film, scale, 102, HEADING, 1500))
    head = max(HEADING, scale.x(30))
    tail = min(1500, scale.x(30 + length))
    if tail <= head:
        return
    assert made[0].left <= head + 1e-6
    assert made[-1].right >= tail - 1e-6
    for one, other in itertools.pairwise(made):
        assert one.right == pytest.approx(other.left)
    whole = list(made[1:-1])
    assert all(SMALLEST - 1e-6 <= t.right - t.left <= 102 + 1e-6 for t in whole)
    assert all(0 <= tile.frame < film.medium.frames for tile in made)
    assert len(made) <= 1500 / SMALLEST + 2


def test_pictures_begin_with_keyframes_and_grow_with_the_zoom():
    film = film_of(160)
    wide = {}
    for zoom in (0.5, 2, 4, 8, 40):
        made = list(tiles(film, Scale(zoom, 0, 100_000), 102, 0, 100_000))
        wide[zoom] = made[1].right - made[1].left
        keys = [tile.frame for tile in made if tile.frame % 16 == 0]
        assert keys, zoom
        if zoom <= 4:
            assert len(keys) == len(made)
    assert SMALLEST <= wide[0.5] < wide[4] <= 102
    assert 51 <= wide[40] <= 102


@given(ZOOMS, st.integers(1, 4000), st.integers(0, 40))
def test_keyframes_are_thinned_out_where_they_would_touch(zoom, length, begin):
    film, scale = film_of(length, begin=begin), Scale(zoom, 0, 1500)
    found = list(diamonds(film, scale, HEADING, 1500))
    places = [x for _, x in found]
    assert all(b - a >= DIAMOND - 1e-6 for a, b in itertools.pairwise(places))
    assert all(begin <= key * 16 < begin + length for key, _ in found)
    if zoom * 16 >= DIAMOND and scale.x(30 + length) < 1500:
        assert len(found) == len(range(-(-begin // 16) * 16, begin + length, 16))


def test_a_clip_of_unknown_length_has_a_picture_all_the_same():
    film = replace(film_of(10), medium=Medium(1, Fraction(24)))
    assert {tile.frame for tile in tiles(film, Scale(8, 0, 900), 90, 0, 900)} == {0}
