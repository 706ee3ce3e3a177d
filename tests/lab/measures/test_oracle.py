"""The oracle sees real clips as they are, and is not fooled by what only looks like motion."""

import numpy as np
import pytest

from studio.lab.drawing import grammar, grounds, scenes
from studio.lab.drawing.grammar import Meaning
from studio.lab.measures import oracle, paths
from studio.lab.measures.flicker import flicker
from tests.lab.measures import clips

COUNT = 56


def rights(wear, count: int = COUNT) -> np.ndarray:
    """How often colour, shape and motion are right on so many real clips."""
    verdicts = []
    for seed in range(count):
        real = clips.scene(seed)
        verdicts.append(oracle.judge(oracle.look(wear(clips.drawn(real))), real.meaning))
    return np.asarray([(v.colour, v.shape, v.motion) for v in verdicts]).sum(0)


@pytest.mark.parametrize("count", [14, pytest.param(COUNT, marks=pytest.mark.long)])
def test_real_clips_are_read_right(count):
    assert rights(lambda frames: frames, count).tolist() == [count] * 3


@pytest.mark.long
def test_worn_clips_are_read_almost_as_well():
    assert (rights(clips.worn) >= COUNT - 1).all()


def test_the_track_is_the_one_drawn():
    real = clips.scene(5, Meaning("purple", "square", "sand", "growing", "normal", "quickly"))
    observed = oracle.look(clips.drawn(real))
    assert np.abs(observed.centres - real.centres).max() < 0.5
    assert np.ptp(observed.radii / real.radii) < 0.05
    assert observed.visible == 1
    assert observed.place == "sand"


@pytest.mark.parametrize("speed", [("slowly", 1.6 / 3), ("normally", 1.0), ("quickly", 4.4 / 3)])
def test_speed_is_a_ratio_to_the_normal_one(speed):
    observed = oracle.look(clips.clip(3, speed=speed[0], size="small"))
    assert observed.speed == pytest.approx(speed[1], rel=0.12)


@pytest.mark.parametrize("motion", [m for m in grammar.MOTIONS if m != "still"])
def test_shuffled_frames_fail_motion(motion):
    fooled = 0
    for seed in range(2):
        frames = clips.clip(seed, motion=motion, size="small")
        order = np.random.default_rng(seed).permutation(len(frames))
        fooled += oracle.look(frames[order]).motion == motion
    assert fooled == 0


@pytest.mark.parametrize("motion", ["left", "growing"])
def test_reversed_frames_show_the_opposite(motion):
    opposite = {"left": "right", "growing": "shrinking"}[motion]
    assert oracle.look(clips.clip(8, motion=motion)[::-1]).motion == opposite


def test_frames_of_independent_scenes_show_no_motion():
    """What the image model makes without temporal layers: right pictures, each for itself."""
    lucky = 0
    for seed in range(5):
        when = np.random.default_rng(seed).integers(8, size=8)
        frames = [
            clips.clip(100 * seed + t, motion="left", size="small")[w] for t, w in enumerate(when)
        ]
        observed = oracle.look(np.stack(frames))
        lucky += observed.motion != "" and observed.smooth
        assert observed.colour == "red"
        assert observed.shape == "ball"
    assert lucky == 0


@pytest.mark.parametrize("wrong", ["shape", "colour", "motion"])
def test_one_wrong_attribute_fails_that_one_alone(wrong):
    asked = Meaning("red", "ball", "snow", "left")
    other = {"shape": "heart", "colour": "purple", "motion": "right"}[wrong]
    verdict = oracle.judge(oracle.look(clips.clip(4, **{wrong: other})), asked)
    assert not getattr(verdict, wrong)
    assert not verdict.together
    assert sum((verdict.colour, verdict.shape, verdict.motion)) == 2


@pytest.mark.parametrize("place", grammar.PLACES)
def test_an_empty_ground_shows_nothing(place):
    """Clouds, stars, mortar and ripples are not objects."""
    ground = grounds.draw_ground(place, np.random.default_rng(31))
    observed = oracle.look(np.rint(np.stack([ground] * 8) * 255).astype(np.uint8))
    assert (observed.visible, observed.colour, observed.shape, observed.motion) == (0, "", "", "")
    assert not observed.smooth


def test_colour_needs_more_than_half_of_the_frames():
    red, blue = clips.clip(6), clips.clip(6, colour="blue")
    assert oracle.look(np.concatenate([red[:4], blue[4:]])).colour == ""
    assert oracle.look(np.concatenate([red[:5], blue[5:]])).colour == "red"


def test_a_wobbling_object_is_not_smooth():
    real = clips.scene(2, Meaning("yellow", "star", "water", "still", "small", "normally"))
    shaky = np.random.default_rng(9).normal(32, 4, real.centres.shape)
    shaken = scenes.Scene(real.meaning, shaky, real.radii, real.ground_seed)
    verdict = oracle.judge(oracle.look(clips.drawn(shaken)), real.meaning)
    assert verdict.colour
    assert not verdict.smooth
    assert not verdict.motion


def test_ambiguous_and_open_meanings_are_not_judged():
    observed = oracle.look(clips.clip(1))
    for meaning in (Meaning("green", "ball", "grass", "left"), Meaning("red", "ball", "snow")):
        with pytest.raises(ValueError, match="does not judge"):
            oracle.judge(observed, meaning)


@pytest.mark.parametrize("shape", [(8, 64, 64), (8, 3, 64, 64), (0, 64, 64, 3)])
def test_other_arrays_are_refused(shape):
    with pytest.raises(ValueError, match="uint8"):
        oracle.look(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        oracle.look(np.zeros((8, 64, 64, 3), np.float32))


def test_jumping_about_the_middle_of_the_picture_hardly_ever_looks_smooth():
    """Scenes lie that near to each other, so that frames without a common path may fit by luck."""
    rng, still = np.random.default_rng(4), np.full(8, 12.0)
    jumps = 32 + rng.uniform(-scenes.ASIDE, scenes.ASIDE, (500, 8, 2))
    assert sum(paths.path(track, still).smooth for track in jumps) <= 0.02 * len(jumps)


def test_larger_frames_are_read_as_the_same():
    """A starter of 128 pixels is read at the size that lengths are given in."""
    real = clips.scene(5, Meaning("purple", "square", "sand", "growing", "normal", "quickly"))
    large = np.rint(scenes.draw(real, size=128) * 255).astype(np.uint8)
    observed = oracle.look(large)
    assert oracle.judge(observed, real.meaning).together
    assert observed.masks.shape == (8, 64, 64)
    assert flicker(large) < 0.05
