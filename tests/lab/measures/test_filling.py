"""How far filled frames lie from the true ones: the measure itself, on drawn frames."""

import numpy as np
import pytest

from studio.lab.drawing import grounds, scenes
from studio.lab.drawing.grammar import Meaning
from studio.lab.measures import evaluation, filling, segmenting

BALL = Meaning("red", "ball", "grass", "left", "normal", "normally")


@pytest.fixture(scope="module")
def clip():
    scene = scenes.random_scene(np.random.default_rng(3), BALL)
    return np.rint(scenes.draw(scene) * 255).astype(np.uint8)


def distances(frames, true, meaning=BALL):
    return [f.distance for f in filling.judged(frames, segmenting.segment(true), meaning)]


def test_the_true_frames_are_no_distance_away(clip):
    found = filling.judged(clip, segmenting.segment(clip), BALL)
    assert all(f.distance < 1e-6 and f.away < 1e-6 and f.colour and f.shape for f in found)


def test_distance_grows_with_every_frame_that_is_missed(clip):
    missed = [np.mean(distances(clip[: 8 - k], clip[k:])) for k in (0, 1, 2, 4)]
    assert missed == sorted(missed)
    assert missed[0] < 0.01 < 0.1 < missed[1]


def test_a_wrong_colour_or_an_empty_frame_is_all_wrong(clip):
    ground = grounds.draw_ground("grass", np.random.default_rng(1))
    empty = np.rint(np.stack([ground] * 8) * 255).astype(np.uint8)
    assert distances(empty, clip) == [1.0] * 8
    assert filling.judged(empty, segmenting.segment(clip), BALL)[0].away == filling.LOST
    blue = Meaning("blue", "ball", "grass", "left", "normal", "normally")
    assert distances(clip, clip, blue) == [1.0] * 8


def test_the_nearest_given_frame_is_repeated_and_neighbours_are_mixed(clip):
    known = (True, False, False, False, True, False, False, False)
    near = filling.nearest(clip, known)
    assert [int(np.abs(near[k].astype(int) - clip).sum((1, 2, 3)).argmin()) for k in range(8)] == [
        0, 0, 0, 4, 4, 4, 4, 4,
    ]  # fmt: skip
    blended = filling.blended(clip, known)
    half = clip[[0, 4]].astype(float).mean(0)
    np.testing.assert_allclose(blended[2], half, atol=1)
    np.testing.assert_array_equal(blended[6], clip[4])


@pytest.mark.parametrize("name", list(filling.PATTERNS))
def test_every_pattern_gives_some_frames_and_leaves_some_open(name):
    pattern = filling.PATTERNS[name]
    for seed in range(20):
        known = pattern.known(np.random.default_rng(seed))
        assert len(known) == (5 if pattern.pass_index else 8)
        assert 0 < sum(known) < len(known)


@pytest.mark.parametrize(("pass_index", "pixels"), [(0, 3.0), (1, 0.75), (2, 0.1875)])
def test_true_clips_show_the_object_at_the_rate_of_their_pass(pass_index, pixels):
    clip = filling.true_clip(np.random.default_rng(4), BALL, 5, pass_index)
    true = segmenting.segment(np.rint(clip * 255).astype(np.uint8))
    middles = np.asarray([filling._middle(c) for c in true.coverage])
    step = np.hypot(*np.diff(middles, axis=0).T).mean()
    assert step == pytest.approx(pixels, rel=0.25)


def test_the_table_has_a_row_for_each_pattern():
    frame = filling.Filled(0.25, 1.5, colour=True, shape=False)
    clips = [{name: [frame] for name in filling.COLUMNS}]
    table = filling.markdown({"first": clips, "last": clips})
    assert table.splitlines()[2].startswith("| first | **25.0** (1.5, 100, 0)")
    assert len(table.splitlines()) == 4


def test_a_tiny_model_fills_what_it_is_asked():
    """The whole way, on random weights: what is given comes back as it is."""
    from tests.engine.tiny_video import model

    made = filling.example(model(), "first two", evaluation.prompts(1, 3)[0], 5)
    assert made.known == (True, True) + (False,) * 6
    ours, real = made.frames[filling.OURS], made.frames[filling.REAL]
    np.testing.assert_array_equal(ours[:2], real[:2])
    assert (ours[2:] != real[2:]).any()
    sheet = filling.picture_sheet([made])
    assert sheet.shape == (2 * 36, 8 * 36, 3)
