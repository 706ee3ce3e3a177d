"""What is seen of a long roll-out: the measure itself, on drawn frames."""

from dataclasses import replace

import numpy as np
import pytest

from studio.lab.drawing import scenes
from studio.lab.drawing.grammar import Meaning
from studio.lab.measures import rollout
from studio.spec.progress import silent
from tests.cards import with_
from tests.engine.tiny_video import model

BALL = Meaning("red", "ball", "grass", "left", "normal", "normally")


@pytest.fixture(scope="module")
def clip():
    scene = scenes.random_scene(np.random.default_rng(3), BALL, np.arange(40))
    return np.rint(scenes.draw(scene) * 255).astype(np.uint8)


def test_a_true_clip_is_seen_as_what_it_is(clip):
    observed = rollout.stretch(clip[:8], BALL)
    assert observed.visible == observed.colour == observed.shape == observed.direction == 100
    assert observed.motion > 0.5


def test_another_direction_and_a_freeze_are_seen(clip):
    assert rollout.stretch(clip[7::-1], BALL).direction == 0
    frozen = rollout.stretch(np.repeat(clip[:1], 8, 0), BALL)
    assert (frozen.motion, frozen.direction) == (0, 0)
    assert np.isnan(rollout.stretch(clip[:8], replace(BALL, motion="growing")).direction)


def test_fading_and_blur_are_seen(clip):
    faded = (128 + (clip[:8].astype(float) - 128) / 2).astype(np.uint8)
    blurred = np.stack([np.roll(clip[:8], k, 2) for k in range(-3, 4)]).mean(0).astype(np.uint8)
    whole = rollout.stretch(clip[:8], BALL)
    assert rollout.stretch(faded, BALL).contrast == pytest.approx(whole.contrast / 2, rel=0.1)
    assert rollout.stretch(blurred, BALL).sharpness < 0.8 * whole.sharpness


def test_what_leaves_over_an_edge_and_comes_in_again_goes_its_way(clip):
    observed = rollout.stretch(clip, BALL)
    assert observed.direction > 80


def test_stretches_leave_a_short_rest_out(clip):
    assert len(rollout.stretches(clip, BALL, 16)) == 3
    assert len(rollout.stretches(clip[:38], BALL, 16)) == 2
    table = rollout.markdown({"with": rollout.stretches(clip, BALL, 20)})
    assert len(table.splitlines()) == 4


def test_a_roll_out_is_as_long_as_asked():
    video = model()
    video = replace(video, card=with_(video.card, size=16, steps=1))
    frames = rollout.roll_out(video, "a red ball", 0.1, 3, 1.0, silent)
    assert frames.shape == (round(6 * video.card.fps), 16, 16, 3)
