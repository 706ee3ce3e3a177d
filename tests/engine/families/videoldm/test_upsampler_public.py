"""The layout of the public ×4 upscaler: its full size without memory, and small with real weights."""

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from studio.engine.checkpoints.layouts import UPSCALER_AUTOENCODER as AUTOENCODER
from studio.engine.checkpoints.layouts import UPSCALER_UNET as PUBLIC
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet

SMALL = {
    "block_out_channels": (32, 32, 32, 64),
    "cross_attention_dim": 16,
    "attention_head_dim": 4,
    "layers_per_block": 1,
}


def layers(unet: UNet2DConditionModel, *, attends: bool = False) -> TemporalLayers:
    return TemporalLayers(unet, TemporalConfig(norm="clip", attends=attends))


def test_the_full_size_has_the_published_counts():
    with torch.device("meta"):
        unet, vae = UNet2DConditionModel(**PUBLIC), AutoencoderKL(**AUTOENCODER)
    count = sum(p.numel() for p in unet.parameters())
    assert count / 1e6 == pytest.approx(473.4, abs=0.1)
    assert sum(p.numel() for p in vae.parameters()) / 1e6 == pytest.approx(55.3, abs=0.1)


def test_the_full_size_walks_a_tile_of_a_portion():
    with torch.device("meta"):
        unet = UNet2DConditionModel(**PUBLIC)
        net = VideoUNet(unet, layers(unet))
        seen, words = torch.empty(8, 7, 80, 80), torch.empty(1, 77, 1024)
        level = torch.empty(8, dtype=torch.long)
        said = net(seen, torch.empty(8), words, frames=8, level=level)
    assert said.shape == (8, 4, 80, 80)


@torch.no_grad()
@pytest.mark.parametrize("attends", [False, True])
def test_fresh_layers_leave_the_image_network_as_it_is(attends):
    torch.manual_seed(1)
    unet = UNet2DConditionModel(**PUBLIC | SMALL).eval()
    net = VideoUNet(unet, layers(unet, attends=attends)).eval()
    seen, words = torch.randn(3, 7, 16, 16), torch.randn(1, 5, 16)
    t, level = torch.full((3,), 321), torch.full((3,), 20)
    expected = unet(seen, t, words.expand(3, -1, -1), class_labels=level).sample
    shut = net(seen, t, words, frames=3, level=level, image_only=True)
    assert torch.equal(shut, expected)
    torch.testing.assert_close(net(seen, t, words, frames=3, level=level), expected)
    other = net(seen, t, words, frames=3, level=torch.full((3,), 300), image_only=True)
    assert not torch.equal(other, expected)


def test_without_attention_over_time_there_are_convolutions_alone():
    torch.manual_seed(1)
    unet = UNet2DConditionModel(**PUBLIC | SMALL)
    names = layers(unet).blocks.keys()
    assert names
    assert all("resnets" in name for name in names)
    assert names < layers(unet, attends=True).blocks.keys()
