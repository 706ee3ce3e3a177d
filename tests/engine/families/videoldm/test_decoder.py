"""The video decoder: the image decoder's equal when fresh, and frames that see their neighbours."""

import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderKLTemporalDecoder

from studio.engine.families.videoldm.decoder import (
    PUBLIC,
    DecoderConfig,
    DecoderLayers,
    VideoDecoder,
    insertion_points,
    split,
)
from tests.engine.tiny_backbone import autoencoder

FRAMES = 5


@pytest.fixture(scope="module")
def vae():
    return autoencoder()


@pytest.fixture
def layers(vae):
    torch.manual_seed(2)
    return DecoderLayers(vae.decoder, DecoderConfig(norm_groups=4)).eval()


@pytest.fixture
def awake(layers):
    with torch.no_grad():
        for parameter in layers.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.2)
    return layers


def latents(frames: int = FRAMES, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch * frames, 4, 8, 8, generator=torch.Generator().manual_seed(3))


@torch.no_grad()
def test_fresh_layers_are_the_image_decoder_bit_for_bit(vae, layers):
    assert torch.equal(VideoDecoder(vae, layers)(latents(), FRAMES), vae.decode(latents()).sample)


@torch.no_grad()
def test_clips_of_a_batch_do_not_meet(vae, awake):
    decoder = VideoDecoder(vae, awake)
    both = decoder(latents(batch=2), FRAMES)
    torch.testing.assert_close(both[:FRAMES], decoder(latents(batch=2)[:FRAMES], FRAMES))


@torch.no_grad()
def test_a_frame_sees_as_far_as_it_says(vae, awake):
    decoder, frames = VideoDecoder(vae, awake), 2 * awake.receptive_radius + 3
    one, other = latents(frames), latents(frames)
    other[0] += 1
    changed = (decoder(one, frames) != decoder(other, frames)).any(-1).any(-1).any(-1)
    reached = changed.nonzero().max().item()
    assert 0 < reached <= awake.receptive_radius


@torch.no_grad()
def test_a_public_video_decoder_is_loaded_and_computes_the_same():
    torch.manual_seed(4)
    small = {
        "block_out_channels": (32, 64),
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "layers_per_block": 2,
    }
    public = AutoencoderKLTemporalDecoder(**small).eval()
    for parameter in public.parameters():
        parameter.normal_(0, 0.1)
    vae = AutoencoderKL(
        **small, up_block_types=("UpDecoderBlock2D",) * 2, use_post_quant_conv=False
    )
    layers = DecoderLayers(vae.decoder, PUBLIC)
    image, temporal = split(public.state_dict())
    vae.decoder.load_state_dict(image)
    layers.load_state_dict(temporal)
    ours = VideoDecoder(vae.eval(), layers.eval())(latents(), FRAMES)
    torch.testing.assert_close(ours, public.decode(latents(), FRAMES).sample)


def test_there_is_a_layer_behind_every_block_of_the_public_layout():
    """Stable Diffusion's decoder has 14 ResBlocks, as the open video decoder has temporal ones."""
    with torch.device("meta"):
        public = AutoencoderKLTemporalDecoder(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            layers_per_block=2,
        )
        image = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
        )
        ours = DecoderLayers(image.decoder, DecoderConfig(norm="clip"))
    theirs = {n for n, _ in public.decoder.named_modules() if n.endswith("temporal_res_block")}
    assert {n.removesuffix(".temporal_res_block").replace(".", ":") for n in theirs} == {
        name for name, _ in insertion_points(image.decoder)
    }
    assert ours.time_conv_out.weight.shape == public.decoder.time_conv_out.weight.shape
