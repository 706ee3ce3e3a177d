"""The stages that teach upsamplers, of both kinds."""

import shutil

import numpy as np
import pytest
import torch

from studio.engine.families.videoldm.upsampler import RESIDUAL_SCALE, resampled
from studio.lab.training import upsampler
from studio.lab.training.frame_pairs import Pairs
from studio.spec.request import UPSCALE_FACTOR

KINDS = ("latent", "pixel")


@pytest.fixture(scope="module")
def pairs():
    draw = torch.Generator().manual_seed(1)
    small = torch.randint(0, 255, (2, 8, 32, 32, 3), generator=draw, dtype=torch.uint8)
    large = small.repeat_interleave(UPSCALE_FACTOR, 2).repeat_interleave(UPSCALE_FACTOR, 3)
    latents = torch.randn(2, 8, 4, 32, 32, generator=draw).half()
    return Pairs(large, small, 255 - small, latents)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(upsampler, "WIDTHS", {"latent": (16, 32), "pixel": (16, 32)})
    monkeypatch.setattr(upsampler, "CELLS", {"latent": 8, "pixel": 16})


@pytest.mark.parametrize("kind", KINDS)
def test_both_stages_teach_their_own_part_alone(kind, pairs, tmp_path):
    alone = upsampler.train(kind, pairs, 1, (3, 0), tmp_path)
    assert not torch.equal(alone.image.conv_in.weight, upsampler.fresh(kind, 1).conv_in.weight)
    before = {name: p.clone() for name, p in alone.image.named_parameters()}
    shutil.rmtree(tmp_path / "time")
    net = upsampler.train(kind, pairs, 1, (3, 3), tmp_path)
    assert all(torch.equal(p, before[name]) for name, p in net.image.named_parameters())
    fresh = upsampler.over_time(upsampler.fresh(kind, 1), 1).temporal
    moved = [
        name
        for (name, p), q in zip(net.temporal.named_parameters(), fresh.parameters(), strict=True)
        if not torch.equal(p, q)
    ]
    assert len(moved) == len(list(fresh.parameters()))
    assert not any(p.requires_grad for p in net.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_patches_show_the_same_place_small_and_large(kind, pairs):
    for seed in range(6):
        part = upsampler.patches(kind, pairs, np.random.default_rng(seed), 2, 8)
        side = upsampler.CELLS[kind] // (1 if kind == "latent" else UPSCALE_FACTOR)
        assert part.small.shape == (16, 3, side, side)
        assert part.target.shape[-1] == upsampler.CELLS[kind]
        if kind == "pixel":
            large = resampled(part.small) + part.target / RESIDUAL_SCALE
            shrunk = torch.nn.functional.avg_pool2d(large, UPSCALE_FACTOR)
            for clip in range(2):
                rows = slice(8 * clip, 8 * clip + 8)
                kept = torch.allclose(shrunk[rows], -part.small[rows], atol=1e-5)
                assert kept or torch.allclose(shrunk[rows], part.small[rows], atol=1e-5)


def test_the_network_has_the_public_layouts_input(pairs):
    latent = upsampler.fresh("latent", 1)
    assert latent.config.in_channels == 7
    assert latent.config.out_channels == 4
    assert latent.config.num_class_embeds == 1000
    assert upsampler.fresh("pixel", 1).config.in_channels == 6


def test_frames_of_a_clip_share_their_noise_and_clips_do_not():
    rng = np.random.default_rng(1)
    clips, frames = 60, 4
    noise = upsampler._noise(rng, clips, frames, torch.zeros(1, 3, 8, 8)).unflatten(0, (clips, -1))
    assert noise.std().item() == pytest.approx(1, abs=0.02)
    assert all(torch.equal(noise[:, 0], noise[:, frame]) for frame in range(1, frames))
    assert not torch.equal(noise[0], noise[1])


def test_what_changes_from_frame_to_frame_costs_more():
    """The same error in every frame, and one that comes and goes."""
    net, part = upsampler.over_time(upsampler.fresh("pixel", 1), 1), still()
    steady, restless = (
        upsampler.loss(Amiss(net, how), "pixel", part, np.random.default_rng(1), 4)
        for how in ((1, 1, 1, 1), (1, -1, 1, -1))
    )
    assert steady.item() == pytest.approx(1, abs=1e-4)
    assert restless.item() == pytest.approx(1 + 4 * upsampler.TEMPORAL_DIFF_WEIGHT, abs=1e-3)


def still() -> upsampler.Patches:
    return upsampler.Patches(torch.zeros(4, 3, 16, 16), torch.zeros(4, 3, 4, 4))


class Amiss(torch.nn.Module):
    """Says v with an error of 1, to one side or the other by frame."""

    def __init__(self, net, how):
        super().__init__()
        self.net, self.how = net, torch.tensor(how).float()[:, None, None, None]

    def forward(self, noisy, t, *_, **__):
        noise = (
            noisy[:, :3]
            / upsampler.scheduler().alphas_cumprod[t].neg().add(1).sqrt()[:, None, None, None]
        )
        v = upsampler.scheduler().get_velocity(torch.zeros_like(noise), noise, t)
        return v + self.how
