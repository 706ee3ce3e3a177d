"""Latents to frames."""

import numpy as np
import pytest
import torch

from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.decoder import DecoderConfig, DecoderLayers
from studio.spec.progress import Cancelled, silent
from tests.engine.tiny_backbone import tiny


@pytest.fixture(scope="module")
def backbone():
    return tiny()


@torch.no_grad()
def test_each_frame_is_the_image_decoders(backbone):
    latents = 3 * torch.randn(3, 4, 8, 8)
    frames = decode(backbone, latents, silent)
    assert (frames.dtype, frames.shape) == (torch.uint8, (3, 32, 32, 3))
    for frame, latent in zip(frames, latents, strict=True):
        picture = backbone.vae.decode(latent[None] / backbone.vae.config.scaling_factor).sample[0]
        expected = ((picture.permute(1, 2, 0) + 1) * 127.5).numpy().round().clip(0, 255)
        np.testing.assert_array_equal(frame.numpy(), expected.astype(np.uint8))


def test_the_cut_into_chunks_does_not_show(backbone):
    latents = torch.randn(5, 4, 8, 8)
    parts = [decode(backbone, part, silent) for part in latents.split(2)]
    assert torch.equal(torch.cat(parts), decode(backbone, latents, silent))


def test_out_of_range_is_clipped_not_wrapped(backbone):
    frames = decode(backbone, 1e4 * torch.randn(2, 4, 8, 8), silent)
    pixels = backbone.vae.decode(torch.zeros(1, 4, 8, 8)).sample
    assert pixels.isfinite().all()
    assert frames.min() == 0 or frames.max() == 255


def test_one_tick_a_frame_and_cancelled_at_any(backbone):
    heard = []
    decode(backbone, torch.randn(3, 4, 8, 8), heard.append)
    assert [(p.stage, p.step, p.total) for p in heard] == [("decode", k, 3) for k in range(4)]
    for stop in range(4):

        def tick(progress, stop=stop):
            if progress.step == stop:
                raise Cancelled

        with pytest.raises(Cancelled):
            decode(backbone, torch.randn(3, 4, 8, 8), tick)


def test_layers_that_know_nothing_change_nothing_and_others_see_the_clip(backbone):
    torch.manual_seed(2)
    layers = DecoderLayers(backbone.vae.decoder, DecoderConfig(norm_groups=4)).eval()
    latents = torch.randn(3, 4, 8, 8)
    blind = decode(backbone, latents, silent)
    assert (decode(backbone, latents, silent, layers).int() - blind.int()).abs().max() <= 1
    layers.time_conv_out.weight.data += 0.3
    seeing = decode(backbone, latents, silent, layers)
    assert not torch.equal(seeing[:2], decode(backbone, latents[:2], silent, layers))
