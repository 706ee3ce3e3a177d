"""An individual is told from its frames, and the parts that are its own from those that are not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.lab.evaluations import individuals as table
from studio.lab.evaluations.individuals import Observed
from studio.lab.measures import individuals
from studio.lab.measures.individuals import Parts
from studio.lab.starter import animation, figures, portraits
from studio.lab.starter.animation import MOTIONS, Stage

PEOPLE = figures.individuals(np.asarray(figures.HELD_OUT[:6]))
HATTED = next(k for k in range(6) if PEOPLE.hat[k] > 0)


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage.make(PEOPLE, 1, 64, 5, "cpu")


def _scene(stage: Stage, who: int, motion: str, frames: tuple[float, ...]) -> torch.Tensor:
    scene = animation.scenes(np.random.default_rng(2), 1, PEOPLE, 1, shapes=0.0)
    kind = len(animation.SHAPES) + int(PEOPLE.kind[who])
    numbers = {"who": who, "kind": kind, "motion": MOTIONS.index(motion), "size": 1, "camera": 0}
    scene = replace(scene, **{name: np.asarray([n]) for name, n in numbers.items()})
    return stage.draw(scene, np.asarray([frames]))[0]


def test_a_true_frame_shows_its_individual_with_all_parts(stage: Stage) -> None:
    (parts,) = individuals.look(_scene(stage, HATTED, "right", (3.0,)), HATTED, PEOPLE)
    assert parts == Parts(0, True, True, True, True, True)


def test_another_individual_is_not_taken_for_it(stage: Stage) -> None:
    other = (HATTED + 1) % 6
    (parts,) = individuals.look(_scene(stage, other, "right", (3.0,)), HATTED, PEOPLE)
    assert parts.rank > 0
    assert not (parts.top and parts.bottom and parts.hat)


def test_an_empty_ground_shows_nobody(stage: Stage) -> None:
    ground = stage.canvases[0, 0].float()[:, :64, :64][None]
    (parts,) = individuals.look(ground, HATTED, PEOPLE)
    assert not parts.eyes
    assert not parts.hat


@pytest.mark.parametrize("way", ["left", "down", "growing", "still"])
def test_motions_are_read_from_poses(stage: Stage, way: str) -> None:
    frames = _scene(stage, HATTED, way, tuple(range(8)))
    assert individuals.motion(frames, HATTED, PEOPLE) == way


def test_portraits_are_the_same_for_the_same_number() -> None:
    one, two = portraits.portraits(1003, 2, 64)
    assert one.shape == (64, 64, 3)
    assert one.dtype == np.uint8
    assert not np.array_equal(one, two)
    assert np.array_equal(one, portraits.portraits(1003, 1, 64)[0])


def test_the_table_counts_frames_of_each_kind() -> None:
    good, bad = Parts(0, True, True, True, True, True), Parts(3, False, True, True, True, False)
    observed = Observed({"keyframes": [good, bad], "predicted": [bad]}, True)
    rows = table.markdown({"lora": [observed]}).splitlines()
    assert rows[2].startswith("| identified, keyframes | 50")
    assert any(row.startswith("| a face with eyes, predicted | 0") for row in rows)
    assert not any("interpolated" in row for row in rows)
    assert rows[-1].startswith("| motion right | 100")
