"""A subject is cut out of its photos where colours tell it from the ground, and else is not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.engine.subjects import dataset, paths
from studio.engine.subjects.cut_out import cut_outs
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.subjects.paths import Placing
from tests.cards import SUBJECTS
from tests.engine.tiny_backbone import tiny

SIZE = 48


def _photo(ground: tuple[float, float, float], centre: tuple[int, int], seed: int) -> torch.Tensor:
    """A red disc with a yellow middle on a mottled ground (3, SIZE, SIZE) in -1..1."""
    rng = torch.Generator().manual_seed(seed)
    photo = torch.tensor(ground)[:, None, None] + 0.12 * torch.randn(3, SIZE, SIZE, generator=rng)
    y, x = torch.meshgrid(*[torch.arange(SIZE).float()] * 2, indexing="ij")
    far = torch.hypot(x - centre[0], y - centre[1])
    photo = torch.where(far < 13, torch.tensor((0.7, -0.8, -0.7))[:, None, None], photo)
    return torch.where(far < 5, torch.tensor((0.9, 0.8, -0.8))[:, None, None], photo).clamp(-1, 1)


def _disc(centre: tuple[int, int]) -> torch.Tensor:
    y, x = torch.meshgrid(*[torch.arange(SIZE).float()] * 2, indexing="ij")
    return torch.hypot(x - centre[0], y - centre[1]) < 13


GROUNDS = ((-0.6, 0.2, -0.6), (0.1, 0.5, 0.9), (0.8, 0.8, 0.8), (-0.9, -0.9, -0.5))
CENTRES = ((24, 24), (20, 27), (28, 22), (25, 26))


def test_a_subject_before_other_grounds_is_cut_out_whole() -> None:
    photos = [_photo(*each, k) for k, each in enumerate(zip(GROUNDS, CENTRES, strict=True))]
    for mask, centre in zip(cut_outs(photos), CENTRES, strict=True):
        assert mask is not None
        found, true = mask > 0.5, _disc(centre)
        assert float((found & true).sum() / (found | true).sum()) > 0.85
        assert 0 <= float(mask.min()) <= float(mask.max()) <= 1


def test_a_ground_in_the_subject_s_colours_gives_no_cut_out() -> None:
    red = (0.7, -0.8, -0.7)
    photos = [_photo(red, centre, 9) for centre in CENTRES[:3]]
    assert all(
        mask is None or float((mask > 0.5).float().mean()) < 0.2 for mask in cut_outs(photos)
    )
    assert cut_outs([torch.zeros(3, SIZE, SIZE)] * 3) == [None] * 3


@pytest.mark.parametrize("size", [0.5, 1.0])
def test_the_subject_alone_stands_on_the_ground(size: float) -> None:
    photo, mask = _photo(GROUNDS[2], (24, 24), 0), _disc((24, 24)).float()
    ground = torch.full((3, SIZE, SIZE), -1.0)
    there = paths.placed(photo, Placing(size, 0.0, 0.0), ground, 0.35, mask)
    reach = int(13 * size) + 2
    assert (there[:, 24, 24] > torch.tensor((0.5, 0.3, -1.01))).all()
    assert (there[:, :, : 24 - reach] == -1).all()  # nothing of the photo's own ground


def test_photos_that_cannot_be_cut_out_fade_into_the_ground_as_before() -> None:
    student = ImageStudent(tiny())
    photos = [np.full((40, 40, 3), 120, np.uint8) for _ in range(3)]
    assert SUBJECTS.paths
    how = replace(SUBJECTS.paths, per_prompt=1)
    kept = {"seed": 3, "crops": 0, "mirror": False}
    with_rims = dataset.prepare(student, photos, "a sks dog", ["a dog"], augmentation=how, **kept)
    with_cuts = dataset.prepare(
        student, photos, "a sks dog", ["a dog"], augmentation=replace(how, cut_out=True), **kept
    )
    torch.testing.assert_close(with_rims.placed, with_cuts.placed)
