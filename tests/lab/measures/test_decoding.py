"""Figures of decoders: what frames lose, how they flicker, whether chunks show."""

import numpy as np
import pytest
import torch

from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.decoder import DecoderConfig, DecoderLayers
from studio.lab.measures import decoding
from studio.lab.measures.decoding import Joined, Row
from studio.spec.frame_spans import DECODE_CHUNK
from studio.spec.progress import silent
from tests.engine.tiny_backbone import tiny

FRAMES = 3 * DECODE_CHUNK


@pytest.fixture(scope="module")
def backbone():
    return tiny()


@pytest.fixture(scope="module")
def layers(backbone):
    torch.manual_seed(2)
    made = DecoderLayers(backbone.vae.decoder, DecoderConfig(norm_groups=4)).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.2)
    return made


def real(frames: int = FRAMES) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (frames, 32, 32, 3), np.uint8)


def test_the_truth_is_right_and_does_not_flicker(backbone, layers):
    observed = decoding.look(backbone, {"image": None, "time": layers}, 1)
    assert list(observed) == [decoding.REAL, "image", "time"]
    assert (observed["real"].error, observed["real"].flicker) == (0, 0)
    assert observed["image"].error > 0
    truth = [decoding.look(backbone, {}, seed)["real"] for seed in range(3)]
    found = decoding.row(truth, truth)
    assert (found.error, found.flicker) == (0, 0)
    assert (found.clips, found.frames) == pytest.approx((0, 0), abs=0.01)


def test_what_is_constantly_wrong_does_not_flicker():
    frames = real(4)
    assert decoding.amiss(frames // 2 + 20, frames // 2) == (20, 0)
    assert decoding.amiss(frames, frames[::-1])[1] > 0


def test_frame_by_frame_chunks_are_the_whole(backbone):
    assert decoding.joined(backbone, None, real()).apart == 0


def test_chunks_with_margins_lie_nearer_the_whole_than_without(backbone, layers, monkeypatch):
    latents = torch.randn(FRAMES, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    whole = decode(backbone, latents, silent, layers).numpy().astype(int)
    beyond = np.abs(decoding.in_chunks(backbone, layers, latents) - whole).mean()
    monkeypatch.setattr(decoding, "margin", lambda sees: 0)
    blind = np.abs(decoding.in_chunks(backbone, layers, latents) - whole).mean()
    assert beyond < 0.5 * blind


def test_a_still_has_no_joins_to_see(backbone):
    still = np.repeat(real(1), FRAMES, 0)
    assert decoding.joined(backbone, None, still).join == 1


def test_the_tables(backbone):
    said = decoding.markdown(
        {"image decoder": Row(5, 2, 6, 4, 0.8, 0.5)}, {"a pan": Joined(1.04, 1.02, 0.3, 9)}
    )
    assert said.splitlines()[2] == "| image decoder | 5.00 | 2.00 | 6.00 | 4.00 | 0.80 | 0.50 |"
    assert said.splitlines()[-1] == "| a pan | 1.04 | 1.02 | 0.30 | 9.00 |"
    assert "over joins" not in decoding.markdown({"image decoder": Row(5, 2, 6, 4, 0.8, 0.5)}, {})
