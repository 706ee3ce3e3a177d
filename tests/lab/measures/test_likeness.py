"""Likeness tells characters apart, says how far to trust it, and copies are caught."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.engine.subjects.likeness import LikenessNet, load
from studio.lab.drawing.characters import character, photo_of
from studio.lab.measures import likeness as measure
from studio.spec.progress import Cancelled
from studio.spec.refusal import Refusal

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "models" / "starter" / "likeness.safetensors"
SUBJECTS = ROOT.parent / "shared" / "data" / "subjects"
HELD_OUT = 900_000_000  # the shipped network learned from numbers below 2 000 000


def _sets(first: int, count: int, photos: int = 5) -> list[list[np.ndarray]]:
    """Photo sets of characters `first`, `first` + 1, ..."""
    rngs = [np.random.default_rng((first + k, 9)) for k in range(count)]
    return [
        [photo_of(character(first + k), rng) for _ in range(photos)] for k, rng in enumerate(rngs)
    ]


@pytest.fixture(scope="module")
def net():
    """The shipped network."""
    return load(SHIPPED)


def test_roc_area_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(0)
    same, other = rng.integers(0, 9, 40) + 1, rng.integers(0, 9, 70)
    pairs = [(s > o) + 0.5 * (s == o) for s, o in product(same, other)]
    roc = measure.roc_area(same, other)
    assert roc.area == pytest.approx(np.mean(pairs))
    assert (roc.same, roc.other) == (40, 70)


def test_roc_area_at_its_ends():
    assert measure.roc_area(np.array([2, 3]), np.array([0, 1])).area == 1
    assert measure.roc_area(np.array([0, 1]), np.array([2, 3])).area == 0
    assert measure.roc_area(np.ones(3), np.ones(4)).area == 0.5
    with pytest.raises(ValueError, match="both kinds"):
        measure.roc_area(np.ones(3), np.array([]))


@pytest.mark.long
def test_training_teaches_to_tell_apart(tmp_path):
    held = _sets(HELD_OUT, 12, 4)
    torch.manual_seed(5)
    untaught = measure.roc_of_sets(LikenessNet().eval(), held).area
    taught = measure.roc_of_sets(measure.train_likeness(5, 12, tmp_path, pool=24), held).area
    assert taught > untaught + 0.05
    assert taught > 0.75


def test_training_can_be_cancelled(tmp_path):
    def tick(progress):
        if progress.stage == "likeness":
            raise Cancelled

    with pytest.raises(Cancelled):
        measure.train_likeness(0, 5, tmp_path, tick, pool=3)


def test_contrastive_loss_prefers_the_right_neighbours():
    near = torch.nn.functional.normalize(
        torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1]]), dim=1
    )
    assert measure.contrastive(near, 2) < 0.1
    assert measure.contrastive(near[[0, 2, 1, 3]], 2) > 5


def test_shipped_network_is_small(net):
    assert SHIPPED.stat().st_size < 1_000_000
    assert sum(p.numel() for p in net.parameters()) <= 300_000


def test_shipped_network_tells_held_out_characters_apart(net):
    roc = measure.roc_of_sets(net, _sets(HELD_OUT, 60))
    print(f"ROC area on held-out characters: {roc}")
    assert roc.area > 0.98


def test_same_character_in_other_light_is_alike(net):
    (a, b, *_), (c, *_) = _sets(HELD_OUT + 100, 2)
    assert measure.likeness(net, a, b) > measure.likeness(net, a, c)
    assert measure.likeness(net, a, a) == pytest.approx(1, abs=1e-5)
    assert measure.likeness(net, a, c) == pytest.approx(measure.likeness(net, c, a), abs=1e-6)


@pytest.mark.shared
def test_shipped_figure_on_photos_is_the_true_one(net):
    """Reproduces the ROC area on photo sets that the file's header (and the model card) states."""
    if not SUBJECTS.is_dir():
        pytest.skip("needs the photo sets of shared/data/subjects")
    folders = sorted(f for f in SUBJECTS.iterdir() if f.is_dir())
    sets = [
        [np.asarray(Image.open(p).convert("RGB")) for p in sorted(f.glob("*.jpg"))] for f in folders
    ]
    roc = measure.roc_of_sets(net, sets)
    print(f"ROC area on photo sets: {roc}")
    assert roc.area == pytest.approx(net.photo_roc, abs=0.01)


def test_figures_carry_their_warning():
    unsure, sure = LikenessNet(), LikenessNet()
    sure.photo_roc = 0.8
    assert measure.label(unsure, 0.513) == "0.51 (not reliable for photos)"
    assert measure.label(sure, 0.513) == "0.51"
    unsure.photo_roc = 0.79
    assert not unsure.reliable_for_photos


def test_saved_and_loaded_is_the_same_network(tmp_path):
    torch.manual_seed(0)
    net = LikenessNet((8, 16), 10).eval()
    net.photo_roc = 0.66
    measure.save(net, tmp_path / "net ü.safetensors")
    again = load(tmp_path / "net ü.safetensors")
    pictures = _sets(1, 1)[0]
    assert again.photo_roc == 0.66
    torch.testing.assert_close(
        measure.features(again, pictures), measure.features(net, pictures), atol=2e-3, rtol=0
    )


@pytest.mark.parametrize("content", [None, b"", b"not weights", b"\xff" * 64])
def test_a_broken_file_is_refused(tmp_path, content):
    file = tmp_path / "net.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Refusal, match="cannot be read"):
        load(file)


def test_copies_are_caught():
    photos = _sets(5, 1)[0]
    distance = measure.nearest_training_photo_distance
    assert distance(photos[2], photos) == 0
    assert distance(photos[2][:, ::-1], photos) < 0.01  # a mirrored copy is a copy
    assert distance(photos[0], photos[1:]) > 20
    grainy = photos[0] + np.random.default_rng(0).normal(0, 5, photos[0].shape)
    assert distance(grainy.clip(0, 255).astype(np.uint8), photos) < 10
    with pytest.raises(ValueError, match="no training photos"):
        distance(photos[0], [])
