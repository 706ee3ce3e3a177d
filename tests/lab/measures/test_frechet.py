"""The Fréchet distance, against what it is for normal distributions."""

import numpy as np
import pytest

from studio.lab.measures import frechet
from tests.tiny_starter import autoencoder


def drawn(seed: int, mean: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return mean + scale * np.random.default_rng(seed).standard_normal((4000, 3))


def test_it_is_none_of_the_same_set_and_symmetric():
    one, other = drawn(1), drawn(2, 0.5, 2.0)
    assert frechet.distance(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet.distance(one, other) == pytest.approx(frechet.distance(other, one))


@pytest.mark.parametrize(("mean", "scale"), [(2.0, 1.0), (0.0, 3.0), (1.0, 0.5)])
def test_it_is_that_of_two_normal_distributions(mean, scale):
    found = frechet.distance(drawn(1), drawn(2, mean, scale))
    assert found == pytest.approx(3 * (mean**2 + (scale - 1) ** 2), rel=0.1)


def test_a_clip_is_what_is_seen_and_how_it_changes():
    vae = autoencoder(1).eval()
    rng = np.random.default_rng(1)
    still = np.repeat(rng.integers(0, 255, (1, 16, 16, 3), np.uint8), 4, 0)
    shaken = np.roll(still, 1, 0).copy()
    shaken[1::2] = 255 - shaken[1::2]
    frames, clip = frechet.of_clip(vae, still)
    width = frames.shape[1]
    assert frames.shape[0] == 4
    assert clip.shape == (2 * width,)
    np.testing.assert_allclose(clip[:width], frames.mean(0), rtol=1e-5)
    assert clip[width:].max() < 1e-6
    assert frechet.of_clip(vae, shaken)[1][width:].min() > 0
