"""The stage that trains temporal layers, with everything spatial frozen."""

from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
import torch

from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.subjects import checkpoint
from studio.lab.training import backbone, temporal, text
from tests.lab.training.test_backbone import WIDTHS, clips


def network():
    return temporal.fresh(backbone.fresh(1, WIDTHS), 2)


def test_fresh_is_the_image_network():
    net, x = network(), torch.randn(8, 4, 16, 16)
    words, t = torch.randn(1, 24, text.WIDTH), torch.tensor(500)
    with torch.no_grad():
        alone = net.image(x, t, words.expand(8, -1, -1)).sample
        assert torch.equal(net(x, t, words, frames=8), alone)
    assert not any(p.requires_grad for p in net.image.parameters())


def test_positions_start_anywhere_and_frames_follow(reader):
    """Random offsets, so that only differences can be learned."""
    net, firsts, one = network(), [], clips()
    net.register_forward_pre_hook(
        lambda _, args, kw: firsts.append(kw["positions"]), with_kwargs=True
    )
    for seed in range(4):
        rng = np.random.default_rng(seed)
        words = backbone.encode(*reader, ["a red ball"] * 3)
        with torch.no_grad():
            t, texts = torch.full((3,), 500), (words, words)
            batch = temporal.Batch.of(one, np.arange(3), texts, t, torch.zeros(3))
            temporal.clip_loss(net, backbone.scheduler(), batch, rng)
    starts = torch.cat(firsts)[:, 0]
    assert all((p.diff(dim=1) == 1).all() for p in firsts)
    assert starts.min() >= 0
    assert starts.max() < temporal.FARTHEST
    assert len(set(starts.tolist())) > 6


def test_flicker_of_the_ground_costs():
    """Errors that change from frame to frame cost more than the same errors that stand."""
    schedule, x0 = backbone.scheduler(), torch.zeros(2, 4, 4, 8, 8)
    standing = torch.randn(2, 1, 4, 8, 8).expand(-1, 4, -1, -1, -1)
    signs = torch.tensor([1.0, -1, 1, -1])[:, None, None, None]

    def wrong_by(error, near=0.0, heavy=0.0):
        def net(noisy, t, *_, **__):
            kept = schedule.alphas_cumprod[t][:, None, None, None]
            return kept.sqrt() * noisy / (1 - kept).sqrt() + error.flatten(0, 1)

        net.temporal = SimpleNamespace(config=TemporalConfig())
        t, rng = torch.tensor((300, 800)), np.random.default_rng(1)
        where, more = torch.full((2, 4, 1, 8, 8), near), torch.full((2,), heavy)
        batch = temporal.Batch(x0, where, (None, None), t, more)
        return temporal.clip_loss(net, schedule, batch, rng)

    square = standing.square().mean()
    torch.testing.assert_close(wrong_by(standing), square, atol=1e-3, rtol=1e-3)
    expected = square * (1 + 4 * temporal.RESTLESS)
    torch.testing.assert_close(wrong_by(standing * signs), expected, atol=1e-3, rtol=1e-3)
    moving = wrong_by(standing * signs, near=1.0, heavy=2.0)
    torch.testing.assert_close(moving, 3 * square, atol=1e-3, rtol=1e-3)


def test_training_noise_is_mixed_like_the_sampler_s():
    shares = np.asarray((0.7, 1.0, 0.2))
    drawn = temporal.mixed_noise(np.random.default_rng(2), (3, 8, 4, 32, 32), shares)
    assert drawn.shape == (24, 4, 32, 32)
    alike = torch.corrcoef(drawn.flatten(1))
    others = ~torch.eye(8, dtype=torch.bool)
    for index, share in enumerate(shares):
        own = slice(8 * index, 8 * index + 8)
        assert (alike[own, own][others] - share).abs().max() < 0.05
    assert alike[:8, 8:].abs().max() < 0.08
    assert abs(drawn.var() - 1) < 0.05


@pytest.mark.parametrize(("done", "noisy", "clear"), [(0.0, 180, 67), (1.0, 100, 67)])
def test_timesteps_begin_in_nearly_pure_noise_and_move_down(done, noisy, clear):
    t = temporal.timesteps(np.random.default_rng(1), 400, 1000, done=done).numpy()
    assert abs((t >= 900).sum() - noisy) <= 1
    assert abs((t < 500).sum() - clear) <= 1
    assert t.max() >= 997


def test_given_frames_cost_nothing_and_are_seen(reader):
    """Whatever the network says of them; and they enter with the noise that the mask tells."""
    one, seen = clips(), []
    words = backbone.encode(*reader, ["a red ball"] * 3)
    known = torch.zeros(3, 8, dtype=torch.bool)
    known[:, :2] = True
    batch = replace(
        temporal.Batch.of(one, np.arange(3), (words, words), torch.full((3,), 500), torch.zeros(3)),
        known=known,
        level=torch.tensor((0.0, 0.2, 0.2)),
    )

    def cost(wrong: float) -> float:
        def net(noisy, t, *_, condition, **__):
            seen.append(condition)
            frames = known.flatten()[:, None, None, None]
            return torch.where(frames, torch.full_like(noisy, wrong), torch.zeros(()))

        net.temporal = SimpleNamespace(config=TemporalConfig(), guess=lambda *_: None)
        rng = np.random.default_rng(3)
        return float(temporal.clip_loss(net, backbone.scheduler(), batch, rng))

    plain = temporal.RESTLESS
    with patch.object(temporal, "RESTLESS", 0.0):
        assert cost(5.0) == cost(0.0)
    assert plain > 0
    told, mask = (x.unflatten(0, (3, 8)) for x in seen[0])
    assert mask[0, 0].unique().item() == 1
    assert mask[1, 1].unique().item() == pytest.approx(0.8)
    assert not mask[:, 2:].any()
    torch.testing.assert_close(told[0, :2], one.latents[0, :2].float())
    assert (told[1, 0] - one.latents[1, 0].float()).abs().mean() > 0.05


def test_two_steps_of_training(reader, tmp_path):
    results = []
    for folder in (tmp_path / "a", tmp_path / "b", tmp_path / "b"):
        net = network()
        before = {k: v.clone() for k, v in net.image.state_dict().items()}
        layers = temporal.train(net, *reader, clips(), 7, 2, folder)
        assert layers is net.temporal
        assert not layers.training
        assert all(torch.equal(v, before[k]) for k, v in net.image.state_dict().items())
        results.append({k: v.clone() for k, v in layers.state_dict().items()})
    start = network().temporal.state_dict()
    moved = {k for k in start if not torch.equal(start[k], results[0][k])}
    assert {k.split(".")[0] for k in moved} == {"blocks", "word_embed", "motion_prior", "moves"}
    assert all(torch.equal(results[0][k], r[k]) for k in start for r in results)
    stored = checkpoint.load(tmp_path / "a")[1]
    assert not any("image" in k or "pyramid" in k or "entries" in k for k in stored)


def test_the_layers_often_hear_of_no_colour_and_no_shape(reader, tmp_path):
    """A subject's looks are in the image network alone; layers that named them would paint."""
    net, heard = network(), []
    net.register_forward_pre_hook(lambda _, args: heard.append(args[2:4]))
    temporal.train(net, *reader, clips(), 7, 2, tmp_path)
    other = torch.cat([(image != time).flatten(1).any(1) for image, time in heard])
    assert 0 < other.sum() < len(other) == 2 * temporal.BATCH
