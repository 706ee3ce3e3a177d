"""Every training of the studio's own networks on a device that is not the processor."""

import numpy as np
import pytest
import torch

from studio.lab.drawing import footage, pictures
from studio.lab.measures import likeness
from studio.lab.training import (
    autoencoder,
    backbone,
    conditioned,
    decoder,
    drift,
    enlarged,
    latents,
    packing,
    temporal,
    text,
    upsampler,
)
from tests.second_device import NAME, SecondDevice, device

WIDTHS = (32, 32, 64)
SEED = 5


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The second device, and little to learn from."""
    monkeypatch.setattr(backbone, "BATCH", 2)
    monkeypatch.setattr(temporal, "BATCH", 1)
    monkeypatch.setattr(conditioned, "FRAMES", 8)
    with SecondDevice():
        yield


def there(*networks: torch.nn.Module) -> bool:
    """Whether all that was learned lies on the second device and is made of numbers."""
    tensors = [t for net in networks for t in net.state_dict().values() if t.is_floating_point()]
    return all(t.device.type == NAME and bool(t.isfinite().all()) for t in tensors)


def test_from_pictures_to_layers_over_time(tmp_path):
    vae = autoencoder.train(SEED, 1, tmp_path / "autoencoder", pool=4, device=device())
    words, encoder = text.train(SEED, 1, tmp_path / "text", device=device())
    clips = latents.make(vae, SEED, 1, tmp_path / "clips.safetensors")
    assert clips.latents.device.type == "cpu"
    unet = backbone.fresh(SEED, WIDTHS).to(NAME)
    backbone.train(unet, words, encoder, clips, SEED, 1, tmp_path / "image")
    net = temporal.fresh(unet, SEED)
    temporal.train(net, words, encoder, clips, SEED, 1, tmp_path / "temporal")
    sets = conditioned.make(vae, SEED, 1, tmp_path / "windows")
    drift.train(net, words, encoder, sets, SEED, 2, tmp_path / "drift")
    conditioned.train(net, words, encoder, sets, SEED, 2, tmp_path / "given")
    assert there(vae, encoder, net)


@pytest.mark.long
def test_decoder_upsamplers_and_what_previews_are_drawn_with(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "pool", lambda seed, count, draw=pictures.pool: draw(seed, 2))
    vae = autoencoder.fresh(SEED).eval().requires_grad_(False).to(NAME)
    critics = ("clips", "pictures")
    drawn = footage.pool(SEED, 2)
    layers = decoder.train(vae, drawn, SEED, 2, tmp_path / "decoder", critics=critics)
    pairs = enlarged.make(vae, SEED, 1, tmp_path / "pairs.safetensors")
    nets = [
        upsampler.train(kind, pairs, SEED, (1, 1), tmp_path, device=device())
        for kind in ("pixel", "latent")
    ]
    assert there(layers, *nets)
    assert packing.preview_factors(vae).device.type == "cpu"


def test_likeness():
    net = likeness.train_likeness(SEED, 1, None, pool=3, device=device())
    assert there(net)
    assert likeness.features(net, [np.zeros((9, 9, 3), np.uint8)]).device.type == "cpu"
