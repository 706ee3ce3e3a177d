"""The stage that teaches a decoder time."""

import numpy as np
import pytest
import torch
from torch import nn

from studio.engine.families.videoldm.decoder import DecoderLayers
from studio.lab.drawing import footage
from studio.lab.training import decoder
from studio.lab.training.adversary import Discriminator
from studio.spec.progress import Cancelled
from tests.engine.tiny_backbone import autoencoder

STEPS = 5


@pytest.fixture(scope="module")
def vae():
    return autoencoder()


@pytest.fixture(scope="module")
def clips():
    return torch.from_numpy(footage.pool(1, 2)[:, :, 8:40, 8:40])


def tensors(layers: nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in layers.named_parameters()}


def test_the_layers_learn_and_the_autoencoder_stays(vae, clips, tmp_path):
    before = tensors(vae)
    layers = decoder.train(vae, clips, 1, STEPS, tmp_path, critics=("clips", "pictures"))
    fresh = tensors(decoder.fresh(vae, 1))
    moved = {name for name, p in tensors(layers).items() if not torch.equal(p, fresh[name])}
    assert moved == set(fresh)
    assert all(torch.equal(p, before[name]) for name, p in tensors(vae).items())
    assert not any(p.requires_grad for p in layers.parameters())


def test_a_stopped_run_goes_on_to_the_same_end(vae, clips, tmp_path):
    def stop(progress):
        if progress.step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        decoder.train(vae, clips, 1, STEPS, tmp_path / "a", tick=stop)
    resumed = decoder.train(vae, clips, 1, STEPS, tmp_path / "a")
    whole = decoder.train(vae, clips, 1, STEPS, tmp_path / "b")
    for name, p in tensors(whole).items():
        assert torch.equal(p, tensors(resumed)[name]), name


def test_a_critic_is_listened_to_only_after_a_while(vae, clips):
    layers = decoder.fresh(vae, 1)
    net = nn.ModuleDict({"layers": layers, "critics": nn.ModuleDict({"clips": Discriminator()})})

    def gradients(adversarial: bool) -> tuple[torch.Tensor, torch.Tensor]:
        net.zero_grad()
        rng = np.random.default_rng(1)
        decoder.loss(vae, net, clips, rng, adversarial=adversarial).backward()
        critic = next(net["critics"].parameters())
        return layers.time_conv_out.weight.grad.clone(), critic.grad.clone()

    deaf, first = gradients(False)
    told, second = gradients(True)
    assert not torch.equal(deaf, told)
    assert torch.equal(first, second)  # the critic learns from the same, listened to or not


def test_unlikeness_is_none_of_the_same_and_some_of_a_blur(vae, clips):
    real = decoder.as_pictures(clips)
    blurred = nn.functional.avg_pool2d(real, 3, 1, 1)
    assert decoder.perceptual_distance(vae, real, real) == 0
    assert decoder.perceptual_distance(vae, blurred, real) > 1e-3


def test_steps_see_whole_clips_mirrored_at_times(clips):
    rng, pool = np.random.default_rng(1), clips
    batches = [decoder.drawn(pool, rng) for _ in range(12)]
    assert {tuple(batch.shape) for batch in batches} == {(decoder.CLIPS, 8, 32, 32, 3)}
    as_they_were = [any(torch.equal(batch[0], clip) for clip in pool) for batch in batches]
    assert set(as_they_were) == {False, True}


def test_saved_layers_load_as_they_were(vae, clips, tmp_path):
    layers = decoder.train(vae, clips, 1, 2, tmp_path / "runs")
    layers.save(tmp_path / "decoder.safetensors")
    loaded = DecoderLayers.load(tmp_path / "decoder.safetensors", vae.decoder)
    assert loaded.config == layers.config
    assert all(torch.equal(p, tensors(loaded)[name]) for name, p in tensors(layers).items())
