"""Photos become latents and encodings once; prior pictures come from the model itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.engine.subjects import dataset
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.subjects.student import Drawing
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import ANY_MODEL
from tests.cards import SUBJECTS
from tests.engine.tiny_backbone import photos, tiny, traces

HOW = {"seed": 1, "crops": 2, "augmentation": SUBJECTS.paths}


@pytest.fixture(scope="module")
def backbone():
    return tiny()


@pytest.fixture(scope="module")
def data(backbone):
    prompts, _ = dataset.prior_prompts("dog", 3, SUBJECTS)
    return dataset.prepare(ImageStudent(backbone), photos(4), "a sks dog", prompts, **HOW)


def test_shapes(data):
    assert data.photos.shape == (4 * 3 * 2, 4, 8, 8)  # photos × (whole + 2 crops) × mirrored
    assert data.prior.shape == (3, 4, 8, 8)
    said = 1 + 11 * 8 - 1  # the plain prompt, then each motion and none in each place and none
    assert data.placed.shape == ((said - 1) * SUBJECTS.paths.per_prompt, 4, 8, 8)
    assert data.windows.shape == (len(data.placed), 8, 8)
    assert data.photo_texts["ids"].shape == (said, 16)
    assert data.photo_texts["text"].shape == (said, 16, 32)
    assert data.prior_texts["text"].shape == (3, 16, 32)
    assert all(torch.isfinite(t).all() for t in data.tensors().values())


def test_latents_are_those_of_the_photos(backbone, data):
    view = dataset.views(photos(1)[0], 32, 0, False, np.random.default_rng(0))[0]
    mean = backbone.vae.encode(view[None]).latent_dist.mean * backbone.vae.config.scaling_factor
    torch.testing.assert_close(data.photos[:1], mean, atol=1e-5, rtol=1e-5)


def test_the_same_seed_makes_the_same_set(backbone, data):
    prompts, _ = dataset.prior_prompts("dog", 3, SUBJECTS)
    again = dataset.prepare(ImageStudent(backbone), photos(4), "a sks dog", prompts, **HOW)
    for name, tensor in data.tensors().items():
        assert torch.equal(tensor, again.tensors()[name]), name


def test_views_keep_the_middle_and_mirror():
    photo = np.zeros((40, 60, 3), np.uint8)
    photo[:, 10:30] = (255, 0, 0)  # left half of the middle square is red
    whole, crop, flipped, _ = dataset.views(photo, 16, 1, True, np.random.default_rng(0))
    assert whole.shape == crop.shape == (3, 16, 16)
    assert whole[0, :, :7].min() > 0.999
    assert whole[0, :, 9:].max() < -0.999
    assert torch.equal(flipped, whole.flip(-1))
    assert crop[0, 8, 0] > 0.999


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (3000, 7), (64, 64)])
def test_any_proportion(shape):
    photo = np.full((*shape, 3), 200, np.uint8)
    for view in dataset.views(photo, 32, 3, True, np.random.default_rng(0)):
        assert view.shape == (3, 32, 32)
        torch.testing.assert_close(view, torch.full_like(view, 200 / 127.5 - 1))


@pytest.mark.parametrize("count", [0, 2, 31])
def test_too_few_or_too_many(backbone, count):
    with pytest.raises(Refusal, match=f"3 to 30 photos; there are {count}"):
        dataset.prepare(ImageStudent(backbone), photos(1) * count, "a sks dog", ["a dog"], seed=0)


def test_only_rgb_bytes(backbone):
    with pytest.raises(ValueError, match="uint8"):
        dataset.check([np.zeros((8, 8, 3), np.float32)] * 3)


def test_a_known_noun_needs_no_note():
    prompts, notes = dataset.prior_prompts("dog", 14, SUBJECTS)
    assert notes == []
    assert len(set(prompts)) == 14
    assert all(p.startswith("a dog ") for p in prompts)
    for place in ("grass", "sky", "sand", "water", "at night", "snow", "brick"):
        assert any(place in p or "night sky" in p for p in prompts)


def test_an_unknown_noun_says_what_stands_in():
    prompts, notes = dataset.prior_prompts("axolotl", 2, SUBJECTS)
    assert all(p.startswith("a thing ") for p in prompts)
    assert "axolotl" in notes[0]
    assert "thing" in notes[0]


def test_words_alone_put_no_photo_on_a_path():
    prompts, notes = dataset.prior_prompts("axolotl", 2, replace(SUBJECTS, paths=None))
    assert prompts == ["a thing"] * 2
    assert notes


def test_a_card_that_says_nothing_gets_the_plain_prompt_alone(backbone):
    assert dataset.prior_prompts("axolotl", 2, ANY_MODEL) == (["a axolotl"] * 2, [])
    plain = dataset.prepare(ImageStudent(backbone), photos(4), "a sks dog", ["a dog"], seed=1)
    assert plain.prompts == 1
    assert plain.placed.shape == (0, 4, 8, 8)
    picked, said, weights = dataset.pick(plain, np.random.default_rng(0), 3, 0.5)
    assert picked.shape == (3, 4, 8, 8)
    assert not said.any()
    assert (weights == 1).all()


def test_most_photos_are_put_on_paths_under_the_words_for_them(data):
    picked, said, weights = dataset.pick(data, np.random.default_rng(0), 4000, 0.6)
    put = said > 0
    assert float(put.float().mean()) == pytest.approx(0.6, abs=0.03)
    assert len(set(said.tolist())) == data.prompts
    assert (weights[~put] == 1).all()
    torch.testing.assert_close(weights.mean((1, 2)), torch.ones(4000))
    tails = data.prompts - 1
    for row in torch.nonzero(put)[:20, 0]:
        same = (data.placed == picked[row]).flatten(1).all(1).nonzero()[:, 0]
        assert int(said[row]) in (1 + same % tails).tolist()


def test_a_picture_depends_on_its_number_not_on_its_batch(backbone):
    student, prompts = ImageStudent(backbone), ["a dog", "a red ball", "a cat on sand"]
    drawn = [
        student.draw({}, prompts, 32, Drawing(4, "prior", steps=3, batch=b), silent) for b in (3, 1)
    ]
    torch.testing.assert_close(*drawn, atol=1e-4, rtol=1e-4)
    other = student.draw({}, prompts, 32, Drawing(5, "prior", steps=3), silent)
    assert (drawn[0] - other).abs().max() > 0.1


def test_decode_gives_bytes_of_the_right_size(backbone, data):
    pictures = ImageStudent(backbone).decode(data.prior)
    assert pictures.shape == (3, 32, 32, 3)
    assert pictures.dtype == np.uint8


@pytest.mark.parametrize("stage", ["encoding photos", "prior pictures"])
def test_cancel_leaves_the_backbone_alone(backbone, stage):
    trace = traces(backbone.unet, backbone.text_encoder, backbone.vae)

    def tick(progress):
        if progress.stage == stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        dataset.prepare(
            ImageStudent(backbone), photos(3), "a sks dog", ["a dog"], seed=0, tick=tick
        )
    assert traces(backbone.unet, backbone.text_encoder, backbone.vae) == trace
