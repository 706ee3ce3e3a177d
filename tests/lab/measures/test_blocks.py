"""Block matching finds the way of a subject of any look."""

import numpy as np
import pytest

from studio.lab.drawing import pictures, scenes
from studio.lab.measures import blocks
from tests.lab.measures import clips

STEPS = scenes.STEP


def patch_clip(step: tuple[int, int], seed: int, frames: int = 8) -> np.ndarray:
    """A 20-pixel patch of dead leaves going over a still ground of dead leaves."""
    rng = np.random.default_rng(seed)
    ground, patch = pictures.dead_leaves(rng), pictures.dead_leaves(rng)[:20, :20]
    start = 22 - np.asarray(step) * (frames - 1) // 2
    clip = np.stack([ground] * frames)
    for t, frame in enumerate(clip):
        x, y = start + t * np.asarray(step)
        frame[y : y + 20, x : x + 20] = patch
    return np.rint(clip * 255).astype(np.uint8)


@pytest.mark.parametrize("motion", STEPS)
def test_a_textured_subject_is_followed_exactly(motion):
    step = (3 * STEPS[motion][0], 3 * STEPS[motion][1])
    for seed in range(2):
        frames = patch_clip(step, seed)
        assert np.abs(blocks.subject_motion(frames) - step).max() < 0.3
        assert blocks.direction(frames) == motion


@pytest.mark.parametrize("motion", STEPS)
def test_a_smooth_worn_subject_is_followed(motion):
    """Nearly flat inside: only its edges tell, each of them along one axis."""
    for seed, shape in enumerate(("ball", "heart", "square")):
        frames = clips.clip(seed + 40, motion=motion, shape=shape, colour="purple", place="sand")
        assert blocks.direction(clips.worn(frames)) == motion


def test_a_fraction_of_a_pixel_is_seen():
    frames = clips.clip(51, motion="right", speed="slowly", shape="star")
    motion = blocks.subject_motion(frames)
    assert motion.shape == (7, 2)
    assert np.median(motion[:, 0]) == pytest.approx(1.6, abs=0.3)
    assert abs(np.median(motion[:, 1])) < 0.3


def test_a_still_clip_has_no_motion_and_no_direction():
    frames = np.stack([patch_clip((0, 0), 3)[0]] * 8)
    assert np.isnan(blocks.subject_motion(frames)).all()
    assert blocks.direction(frames) == ""
    assert blocks.direction(frames[:1]) == ""


def test_noise_on_a_still_is_no_motion():
    assert blocks.direction(clips.worn(clips.clip(60, motion="still", place="brick wall"))) == ""


def test_a_diagonal_and_a_there_and_back_have_no_direction():
    assert blocks.direction(patch_clip((3, 3), 5)) == ""
    there = patch_clip((3, 0), 6)
    assert blocks.direction(np.concatenate([there[:5], there[3::-1]])) == ""


def test_a_clip_must_change_more_than_a_still_through_the_decoder():
    moving = patch_clip((3, 0), 7)
    still = np.stack([moving[0]] * 8)
    noise = np.random.default_rng(0).integers(-6, 7, still.shape)
    decoded = np.clip(still.astype(int) + noise, 0, 255).astype(np.uint8)
    assert blocks.moves_at_all(moving, decoded)
    assert not blocks.moves_at_all(still, still)
    assert not blocks.moves_at_all(still, decoded)
    assert not blocks.moves_at_all(moving[:1], still)
