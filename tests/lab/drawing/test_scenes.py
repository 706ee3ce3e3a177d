"""Procedural clips show what their captions say."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from studio.lab.drawing import grammar, grounds, scenes
from studio.lab.drawing.grammar import Meaning

PLAIN = Meaning("red", "ball", "grass", "still", "normal", "normally")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def scene(seed: int = 0, **said) -> scenes.Scene:
    words = {name: getattr(PLAIN, name) for name in Meaning.__slots__} | said
    return scenes.random_scene(rng(seed), Meaning(**words))


def object_in(made: scenes.Scene) -> np.ndarray:
    """Where frames differ from their empty ground, (T, 64, 64)."""
    ground = grounds.draw_ground(made.meaning.place, rng(made.ground_seed))
    return np.abs(scenes.draw(made) - ground).max(-1) > 0


def test_the_same_seed_draws_the_same():
    one, two = (scenes.draw(scenes.random_scene(rng(5))) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, scenes.draw(scenes.random_scene(rng(6))))


def test_range_and_shape():
    for seed in range(20):
        frames = scenes.draw(scenes.random_scene(rng(seed)))
        assert (frames.dtype, frames.shape) == (np.float32, (8, 64, 64, 3))
        assert frames.min() >= 0
        assert frames.max() <= 1


def test_chosen_frames_are_those_of_the_clip():
    made = scenes.random_scene(rng(3))
    np.testing.assert_array_equal(scenes.draw(made, (6, 1)), scenes.draw(made)[[6, 1]])


@pytest.mark.parametrize("motion", grammar.MOTIONS)
@pytest.mark.parametrize(("size", "speed"), [*itertools.product(grammar.SIZES, grammar.SPEEDS)])
def test_the_object_stays_in_the_picture_where_its_path_fits(motion, size, speed):
    for seed in range(5):
        made = scene(seed, motion=motion, size=size, speed=speed)
        reach = made.radii.max() + 1
        extent = np.ptp(made.centres, axis=0) + 2 * reach
        for axis in (0, 1):
            low, high = made.centres[:, axis].min() - reach, made.centres[:, axis].max() + reach
            if extent[axis] <= scenes.SIZE:
                assert low >= -1e-9
                assert high <= scenes.SIZE + 1e-9
            else:  # too long a way: at least it is in the middle
                assert (low + high) / 2 == pytest.approx(scenes.SIZE / 2)


@pytest.mark.parametrize("speed", grammar.SPEEDS)
@pytest.mark.parametrize(("motion", "way"), [*scenes.STEP.items()])
def test_it_moves_as_said(motion, way, speed):
    made = scene(motion=motion, speed=speed)
    seen = object_in(made)
    y, x = np.mgrid[:64, :64]
    centres = np.array([(x[o].mean(), y[o].mean()) for o in seen])
    steps = np.diff(centres, axis=0)
    pixels = scenes.PIXELS_PER_FRAME[speed]
    np.testing.assert_allclose(
        steps, np.multiply(way, pixels)[None].repeat(7, 0), atol=0.15 * pixels
    )
    assert np.ptp(made.radii) == 0


@pytest.mark.parametrize("speed", grammar.SPEEDS)
@pytest.mark.parametrize(("motion", "sign"), [("growing", 1), ("shrinking", -1)])
def test_it_grows_as_said(motion, sign, speed):
    made = scene(motion=motion, speed=speed)
    areas = object_in(made).sum((1, 2))
    assert (np.sign(np.diff(areas)) == sign).all()
    assert np.ptp(made.centres, axis=0).max() == 0
    low, high = scenes.GROWTH[speed]
    assert max(areas) / min(areas) == pytest.approx((high / low) ** 2, rel=0.2)


def test_standing_still_is_still():
    frames = scenes.draw(scene(motion="still"))
    assert (frames == frames[0]).all()


def test_sizes_and_speeds_are_told_apart():
    for table, kinds in ((scenes.RADIUS, grammar.SIZES), (scenes.PIXELS_PER_FRAME, grammar.SPEEDS)):
        values = [table[kind] for kind in kinds]
        # drawn at random within 7 and 10 per cent: the ranges must not meet
        assert all(a * 1.1 < b * 0.9 for a, b in itertools.pairwise(values))


@pytest.mark.parametrize("place", grammar.PLACES)
def test_the_ground_keeps_still(place):
    made = scene(place=place, motion="right")
    frames, seen = scenes.draw(made), object_in(made)
    free = ~seen.any(0)
    assert free.mean() > 0.3
    assert (frames[:, free] == frames[0, free]).all()


@pytest.mark.parametrize("colour", grammar.COLOURS)
@pytest.mark.parametrize("shape", grammar.SHAPES)
def test_every_colour_and_shape_shows(colour, shape):
    made = scene(colour=colour, shape=shape, place="night sky")
    body = scenes.draw(made, (0,))[0][object_in(made)[0]]
    assert len(body) > 150
    np.testing.assert_allclose(np.median(body, 0), scenes.RGB[colour], atol=0.12)


def test_outlines_are_about_one_in_radius():
    y, x = np.mgrid[-2:2:81j, -2:2:81j]
    for shape in grammar.SHAPES:
        inside = scenes.outline(shape, x, y) < 0
        assert 0.85 < np.maximum(abs(x), abs(y))[inside].max() < 1.2
        assert abs(x[inside].mean()) < 0.1
        assert abs(y[inside].mean()) < 0.25


def test_all_attributes_are_equally_frequent():
    draw = rng(1)
    drawn = [scenes.random_meaning(draw) for _ in range(4000)]
    for name, kind in (
        ("colour", grammar.COLOURS),
        ("shape", grammar.SHAPES),
        ("place", grammar.PLACES),
        ("motion", grammar.MOTIONS),
    ):
        counts = [sum(getattr(m, name) == word for m in drawn) for word in kind]
        expected = 4000 / len(kind)
        assert max(abs(c - expected) for c in counts) < 5 * expected**0.5


def test_held_out_scenes_are_never_drawn_for_training():
    held = kept = 0
    draw = rng(2)
    for _ in range(2000):
        held += grammar.held_out(scenes.random_meaning(draw))
        kept += grammar.held_out(scenes.teachable(draw).meaning)
    assert kept == 0
    assert 0.02 < held / 2000 < 0.09  # so that the sieve has something to do


def test_captions_say_nothing_that_is_not_so():
    draw = rng(4)
    for _ in range(500):
        meaning = scenes.random_meaning(draw)
        said = grammar.read(scenes.random_caption(draw, meaning))
        for name in Meaning.__slots__:
            assert getattr(said, name) in ("", getattr(meaning, name))


def test_an_object_can_be_left_unnamed():
    full = Meaning("red", "ball", "snow", "left", "big", "quickly")
    assert scenes.unnamed(full) == replace(full, colour="", shape="")


def test_captions_say_most_of_it():
    draw, full = rng(5), 0
    for _ in range(300):
        meaning = scenes.random_meaning(draw)
        said = grammar.read(scenes.random_caption(draw, meaning))
        full += (said.colour, said.shape, said.motion) == (
            meaning.colour,
            meaning.shape,
            meaning.motion,
        )
    assert full > 0.7 * 300


def test_noise_is_standard_and_has_its_slope():
    for slope in (0.5, 1.3, 2.2):
        field = np.stack([grounds.soft_noise(rng(k), slope) for k in range(20)])
        np.testing.assert_allclose(field.mean((1, 2)), 0, atol=1e-9)
        np.testing.assert_allclose(field.std((1, 2)), 1, atol=1e-9)
        power = (np.abs(np.fft.rfft2(field)) ** 2).mean(0)[0, 1:31]
        fitted = np.polyfit(np.log(np.arange(1, 31)), np.log(power), 1)[0]
        assert fitted == pytest.approx(-2 * slope, abs=0.3)


@pytest.mark.parametrize("motion", grammar.MOTIONS)
def test_paths_pass_near_the_middle_of_the_picture(motion):
    """And not all at one place."""
    meaning = Meaning("red", "ball", "grass", motion, "normal", "normally")
    drawn = [scenes.random_scene(rng(seed), meaning) for seed in range(40)]
    middles = np.stack([scene.centres[[0, -1]].mean(0) for scene in drawn]) - scenes.SIZE / 2
    assert np.abs(middles).max() <= scenes.ASIDE
    assert (middles.std(0) > scenes.ASIDE / 4).all()


@pytest.mark.parametrize("motion", grammar.MOTIONS)
def test_a_scene_can_be_looked_at_at_any_time(motion):
    """Its first frames are the same however it is asked, and those in between lie between."""
    meaning = replace(PLAIN, motion=motion)
    plain, fine, long = (
        scenes.random_scene(rng(4), meaning, times)
        for times in (None, np.arange(29) / 4, np.arange(-40, 400))
    )
    np.testing.assert_allclose(fine.centres[::4], plain.centres)
    np.testing.assert_allclose(fine.radii[::4], plain.radii)
    np.testing.assert_allclose(long.centres[40:48], plain.centres)
    assert np.abs(np.diff(fine.centres, axis=0)).max() <= 5 / 4
    assert (fine.ground_seed, long.ground_seed) == (plain.ground_seed,) * 2


@pytest.mark.parametrize("motion", ["left", "right", "up", "down"])
def test_what_leaves_comes_in_at_the_other_side(motion):
    made = scenes.random_scene(rng(4), replace(PLAIN, motion=motion), np.arange(200))
    jumps = np.abs(np.diff(made.centres, axis=0)).max(1) > scenes.SIZE
    assert 2 <= jumps.sum() <= 12
    for number in jumps.nonzero()[0]:  # just before it is out of sight
        x, y = made.centres[number]
        out = max(-x, -y, x - scenes.SIZE, y - scenes.SIZE)
        assert out > made.radii.max() * 0.9
    seen = object_in(replace(made, centres=made.centres[:60], radii=made.radii[:60]))
    assert seen.any((1, 2)).mean() > 0.7


@pytest.mark.parametrize("motion", ["growing", "shrinking"])
def test_growth_comes_to_rest(motion):
    made = scenes.random_scene(rng(4), replace(PLAIN, motion=motion), np.arange(-100, 200))
    steps = np.diff(made.radii)
    assert (steps > 0).all() == (motion == "growing") or (np.abs(steps) < 1e-6).any()
    assert np.abs(steps[-50:]).max() < 0.01
    assert 2 < made.radii.min() < made.radii.max() < scenes.SIZE / 2
