"""What must fit into which card: published sizes, and sums that follow from them."""

import pytest
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from transformers import UMT5Config, UMT5EncoderModel

from studio.engine.device import SHAPES
from studio.lab.measures import fitting
from studio.lab.measures.fitting import GB, Row
from studio.spec.plan.need import Need
from studio.spec.plan.plan import MARGIN


def parameters(build):
    with torch.device(SHAPES):
        net = build()
    return sum(p.numel() for p in net.parameters()) / 1e9


def test_networks_are_of_the_published_sizes():
    assert parameters(lambda: WanTransformer3DModel(**fitting.TI2V_5B)) == pytest.approx(5.0, 0.02)
    assert parameters(lambda: WanTransformer3DModel(**fitting.A14B)) == pytest.approx(14.3, 0.01)
    assert parameters(lambda: UMT5EncoderModel(UMT5Config(**fitting.UMT5_XXL))) == pytest.approx(
        5.68, 0.01
    )
    codec = {key: value for key, value in fitting.VAE_22.items() if key != "spatial"}
    assert parameters(lambda: AutoencoderKLWan(**codec)) == pytest.approx(0.705, 0.01)


def test_the_first_way_that_fits_is_taken_and_else_the_lightest(monkeypatch):
    ways = ((), ("one",), ("one", "two"))
    taken = []

    def need(steps):
        taken.append(steps)
        return Need(0, 4 * GB // (1 + len(steps)))

    cases = {"roomy": (3, ways, need), "tight": (1, ways, need)}
    monkeypatch.setattr(fitting, "CASES", cases)
    roomy, tight = fitting.rows()
    assert (roomy.steps, roomy.fits) == (("one",), True)
    assert (tight.steps, tight.fits) == (("one", "two"), False)
    assert taken == [(), ("one",), *ways]
    assert "| tight | 1 | 1.3 | 0.0 | no | one, two |" in fitting.markdown([roomy, tight])


def test_a_card_needs_room_for_the_margin():
    assert Row("", 8, (), Need(4 * GB, int(4 * GB / MARGIN) - GB)).fits
    assert not Row("", 8, (), Need(4 * GB, 4 * GB)).fits


def test_a_clip_of_113_frames_fits_as_it_is():
    (row,) = fitting.rows(["113 frames of 2048 × 1280, SD 1.5, our layers, × 4"])
    assert row.fits
    assert 0 < row.need.weights < row.need.device  # of the stage that takes most: decoding


def test_a_known_frame_is_encoded_at_full_size():
    """What the first level of the encoder keeps for a picture of 2048 × 1280: 128 channels in half
    precision, two of them at a time at least."""
    (row,) = fitting.rows(["a known frame of 2048 × 1280 encoded, SD 1.5"])
    assert row.fits
    assert row.need.working > 2 * 128 * 2048 * 1280 * 2


@pytest.mark.long
@pytest.mark.parametrize("name", fitting.CASES)
def test_everything_that_must_fit_does(name):
    (row,) = fitting.rows([name])
    assert row.fits, fitting.markdown([row])
