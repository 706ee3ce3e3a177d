"""Trainings of parts of models on a device that is not the processor."""

import numpy as np
import pytest
import torch

from studio.lab.drawing import footage
from studio.lab.measures import likeness
from studio.lab.training import decoder, frame_pairs, upsampler
from tests.second_device import NAME, SecondDevice, device
from tests.tiny_starter import autoencoder

SEED = 5


@pytest.fixture(autouse=True)
def second():
    with SecondDevice():
        yield


def there(*networks: torch.nn.Module) -> bool:
    """Whether all that was learned lies on the second device and is made of numbers."""
    tensors = [t for net in networks for t in net.state_dict().values() if t.is_floating_point()]
    return all(t.device.type == NAME and bool(t.isfinite().all()) for t in tensors)


@pytest.mark.long
def test_decoder_and_upsamplers(tmp_path):
    vae = autoencoder(SEED).eval().requires_grad_(False).to(NAME)
    drawn = torch.from_numpy(footage.pool(SEED, 2))
    critics = ("clips", "pictures")
    layers = decoder.train(vae, drawn, SEED, 2, tmp_path / "decoder", critics=critics)
    pairs = frame_pairs.make(vae, SEED, 1, tmp_path / "pairs.safetensors")
    nets = [
        upsampler.train(kind, pairs, SEED, (1, 1), tmp_path / kind, device=device())
        for kind in ("pixel", "latent")
    ]
    assert there(layers, *nets)


def test_likeness(tmp_path):
    net = likeness.train_likeness(SEED, 1, tmp_path, pool=3, device=device())
    assert there(net)
    assert likeness.features(net, [np.zeros((9, 9, 3), np.uint8)]).device.type == "cpu"
