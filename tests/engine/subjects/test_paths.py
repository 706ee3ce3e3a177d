"""Photos are put where the words behind the prompt would have an object."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from studio.engine.subjects import paths
from studio.engine.subjects.paths import Grounds, Placing
from studio.lab.drawing import grammar
from studio.lab.drawing.grounds import draw_ground
from studio.lab.starter import wording
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import PathAugmentation
from tests.cards import SUBJECTS

assert SUBJECTS.paths
HOW: PathAugmentation = SUBJECTS.paths


def test_every_motion_and_every_place_is_said_once():
    """And each is among the words that the starter was taught."""
    said = [str(tail) for tail in paths.tails(HOW)]
    motions, places = (
        {phrase for row in wording.PHRASES[kind].values() for phrase in row}
        for kind in ("motion", "place")
    )
    assert len(set(said)) == len(said) == 11 * 8 - 1
    assert {"moving right on snow", "on snow", "moving right", "waving"} < set(said)
    for tail in paths.tails(HOW):
        assert not tail.motion or tail.motion in motions
        assert not tail.place or tail.place in places


@pytest.mark.parametrize(
    ("motion", "wide", "high"),
    [("moving left", True, False), ("moving down", False, True), ("", False, False)],
)
def test_a_path_runs_as_the_motion_does(motion, wide, high):
    drawn = [paths.placing(np.random.default_rng(k), motion, HOW) for k in range(200)]
    assert (max(abs(at.x) for at in drawn) > 0.4) == wide
    assert (max(abs(at.y) for at in drawn) > 0.4) == high
    small, large = HOW.sizes
    tenth = (large - small) / 10
    assert small <= min(at.size for at in drawn) < small + tenth
    assert large - tenth < max(at.size for at in drawn) <= large


def spot(size):
    photo = torch.full((3, size, size), -1.0)
    middle = slice(size * 3 // 8, size * 5 // 8)
    photo[0, middle, middle] = 1
    return photo


@pytest.mark.parametrize("at", [Placing(0.5, 0.5, 0.0), Placing(0.8, -0.1, -0.4)])
def test_the_middle_goes_there_and_shrinks(at):
    there = paths.placed(spot(64), at, torch.full((3, 64, 64), -1.0), HOW.rim)
    assert there.shape == (3, 64, 64)
    weight = (there[0] + 1) / 2
    y, x = torch.meshgrid(*[(torch.arange(64) + 0.5) / 32 - 1] * 2, indexing="ij")
    assert float((weight * x).sum() / weight.sum()) == pytest.approx(at.x, abs=0.02)
    assert float((weight * y).sum() / weight.sum()) == pytest.approx(at.y, abs=0.02)
    assert float(weight.sum()) == pytest.approx((16 * at.size) ** 2, rel=0.05)


def test_the_rim_fades_into_the_ground():
    photo, ground = torch.ones(3, 64, 64), torch.full((3, 64, 64), -1.0)
    there = paths.placed(photo, Placing(0.5, 0.0, 0.0), ground, HOW.rim)[0]
    assert there[32, 32] == 1
    assert (there[32, :15] == -1).all()
    assert (there[32, 16:33].diff() >= 0).all()
    assert ((there > -1) & (there < 1)).any()


def test_without_a_ground_the_edges_go_on_to_those_of_the_picture():
    assert Grounds(HOW, 32).draw(np.random.default_rng(0), "") is None
    photo = torch.full((3, 32, 32), 0.25)
    torch.testing.assert_close(paths.placed(photo, Placing(0.5, 0.3, -0.3), None, HOW.rim), photo)


@pytest.mark.parametrize("place", grammar.PLACES)
def test_grounds_are_those_of_the_clips(place):
    """Their mean colour is nearest to that of the same place, drawn."""
    grounds = Grounds(HOW, 32)
    phrase, rng = grammar.PHRASES[place][0], np.random.default_rng(1)
    one, two, other = (grounds.draw(np.random.default_rng(k), phrase) for k in (1, 1, 2))
    assert one.shape == (3, 32, 32)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    drawn = {p: 2 * draw_ground(p, rng).mean((0, 1)) - 1 for p in grammar.PLACES}
    mean = one.mean((1, 2)).numpy()
    assert min(drawn, key=lambda p: np.abs(drawn[p] - mean).sum()) == place


@pytest.mark.parametrize("size", [(60, 6), (0, 0)])
def test_a_picture_without_rows_of_squares_is_refused(tmp_path, size):
    path = tmp_path / "grounds.png"
    if size[0]:
        Image.new("RGB", (6, 600)).save(path)
    with pytest.raises(Refusal, match=r"grounds\.png"):
        Grounds(replace(HOW, grounds=path), 32)


def test_the_window_lies_on_the_photo():
    weights = paths.window(Placing(0.5, 0.5, -0.5), 16, 16)
    assert float(weights.mean()) == pytest.approx(1)
    top = divmod(int(weights.argmax()), 16)
    assert abs(top[0] - 4) <= 1
    assert abs(top[1] - 11) <= 1
    assert float(weights.max() / weights[15, 0]) == pytest.approx(4, rel=0.1)
