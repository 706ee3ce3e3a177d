"""PSNR and the photos that measure an autoencoder."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.lab.measures import fidelity

PHOTOS = Path(__file__).parents[4] / "shared" / "data" / "subjects"


def test_psnr_of_a_known_error():
    a = np.full((4, 4, 3), 100, np.uint8)
    assert fidelity.psnr(a, a + 10) == pytest.approx(20 * np.log10(25.5))
    assert fidelity.psnr(a + 10, a) == fidelity.psnr(a, a + 10)
    assert fidelity.psnr(a, a) == float("inf")


def test_psnr_wants_two_equal_uint8_arrays():
    a = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="uint8"):
        fidelity.psnr(a, a.astype(np.float32))
    with pytest.raises(ValueError, match="one shape"):
        fidelity.psnr(a, a[:2])


def test_photos_are_cropped_turned_upright_and_ordered(tmp_path):
    wide = np.zeros((20, 40, 3), np.uint8)
    wide[:, 10:30] = 200
    Image.fromarray(wide).save(tmp_path / "a.png")
    turned = Image.fromarray(np.repeat(np.uint8([[[0] * 3], [[255] * 3]]), 16, 0).repeat(32, 1))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    turned.save(tmp_path / "b.png", exif=exif)
    (tmp_path / "c.txt").write_text("no photo", "utf-8")
    found = fidelity.photos(tmp_path, 16)
    assert found.shape == (2, 16, 16, 3)
    assert found[0, 8, 3:-3].min() == 200
    assert found[1, 0].mean() > 200 > 50 > found[1, -1].mean()


def test_no_photos_is_no_figure(tmp_path):
    found = fidelity.photos(tmp_path, 8)
    assert found.shape == (0, 8, 8, 3)
    assert np.isnan(fidelity.mean_psnr(lambda p: p, found))


def test_the_mean_is_over_pictures_in_db():
    pictures = np.full((2, 4, 4, 3), 100, np.uint8)
    steps = iter((1, 10))
    mean = fidelity.mean_psnr(lambda p: p + np.uint8(next(steps)), pictures)
    assert mean == pytest.approx(20 * np.log10(255) - 10)


@pytest.mark.shared
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the photos of ../shared/data are not here")
def test_halving_real_photos_costs_what_it_should():
    found = fidelity.photos(PHOTOS / "dog3", 64)
    assert len(found) >= 3

    def halve(picture: np.ndarray) -> np.ndarray:
        small = Image.fromarray(picture[0]).resize((32, 32), Image.Resampling.BOX)
        return np.asarray(small.resize((64, 64), Image.Resampling.BICUBIC))[None]

    assert 18 < fidelity.mean_psnr(halve, found) < 38
