"""Pairs of small and large footage: they show the same, and are made once."""

import copy

import pytest
import torch

from studio.lab.training import frame_pairs
from studio.spec.request import UPSCALE_FACTOR
from tests.tiny_starter import autoencoder


@pytest.fixture(scope="module")
def vae():
    return autoencoder(0).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def pairs(vae, tmp_path_factory):
    return frame_pairs.make(vae, 1, 2, tmp_path_factory.mktemp("pairs") / "pairs.safetensors")


def test_small_frames_are_the_large_ones_shrunk(vae, pairs):
    side = frame_pairs.WINDOW // UPSCALE_FACTOR
    assert pairs.large.shape[2:] == (frame_pairs.WINDOW, frame_pairs.WINDOW, 3)
    assert pairs.small.shape == pairs.kept.shape == (2, 8, side, side, 3)
    for large, small in zip(pairs.large, pairs.small, strict=True):
        assert torch.equal(frame_pairs.shrunk(large), small)


def test_latents_are_those_of_the_large_frames(vae, pairs):
    with torch.no_grad():
        z = vae.encode(pairs.large[0].permute(0, 3, 1, 2).float() / 127.5 - 1).latent_dist.mean
    expected = z * vae.config.scaling_factor
    torch.testing.assert_close(pairs.latents[0].float(), expected, atol=2e-2, rtol=1e-2)


def test_they_are_read_back_and_drawn_anew_for_another_seed(vae, tmp_path):
    path, ticks = tmp_path / "pairs.safetensors", []
    first = frame_pairs.make(vae, 1, 1, path)
    again = frame_pairs.make(vae, 1, 1, path, tick=ticks.append)
    assert not ticks
    assert torch.equal(first.latents, again.latents)
    other = frame_pairs.make(vae, 2, 1, path, tick=ticks.append)
    assert ticks
    assert not torch.equal(first.large, other.large)


def test_pixels_and_bytes():
    frames = torch.arange(256).to(torch.uint8).reshape(1, 8, 8, 4)[..., :3]
    pictures = frames.permute(0, 3, 1, 2).float() / 127.5 - 1
    assert torch.equal(frame_pairs.as_bytes(pictures), frames)


def test_pairs_that_are_damaged_or_of_another_autoencoder_are_made_anew(vae, tmp_path):
    path = tmp_path / "pairs.safetensors"
    first = frame_pairs.make(vae, 1, 1, path)
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    ticks = []
    again = frame_pairs.make(vae, 1, 1, path, tick=ticks.append)
    assert ticks
    assert torch.equal(again.latents, first.latents)
    other = copy.deepcopy(vae)
    with torch.no_grad():
        other.encoder.conv_in.weight.mul_(1.1)
    assert not torch.equal(frame_pairs.make(other, 1, 1, path).latents, first.latents)
