"""How frames made larger are judged: by motion that is known, not guessed."""

import numpy as np
import pytest
from PIL import Image

from studio.lab.drawing import footage
from studio.lab.measures import upsampling

SEED = {"leaves": 46, "scene": 3}


@pytest.fixture(scope="module", params=SEED)
def film(request):
    return upsampling.filmed(SEED[request.param], 128)


def noisy(frames: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 8, frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


def test_footage_of_both_kinds_says_how_it_moves(film):
    assert film.frames.shape == (footage.FRAMES, 128, 128, 3)
    assert 0.2 < film.known.mean() <= 1
    if film.known.all():
        assert np.abs(film.moved).max() > 0
    else:
        assert not film.moved.any()


def test_true_frames_do_not_warp_and_trembling_ones_do(film):
    true = upsampling.warping(film.frames, film.moved, film.known)
    assert true == 0
    trembling = upsampling.warping(noisy(film.frames), film.moved, film.known)
    assert trembling == pytest.approx(8 * 2 / np.pi**0.5, rel=0.2)  # |difference of two normals|


def test_moved_the_wrong_way_is_seen():
    film = upsampling.filmed(SEED["leaves"], 128)
    assert upsampling.warping(film.frames, -film.moved, film.known) > 1


def test_blur_is_less_sharp_and_noise_sharper(film):
    small = np.stack([np.asarray(Image.fromarray(f).resize((32, 32))) for f in film.frames])
    blurred = upsampling.resampled(small, Image.Resampling.BICUBIC)
    assert blurred.shape == film.frames.shape
    sharp = upsampling.sharpness(film.frames)
    assert (
        upsampling.sharpness(blurred)
        < 0.9 * sharp
        < sharp
        < upsampling.sharpness(noisy(film.frames))
    )
