"""Temporal layers: what fresh ones do, and that in the public layout they are the public ones."""

import pytest
import torch
from diffusers.models.attention import TemporalBasicTransformerBlock
from diffusers.models.resnet import AlphaBlender, TemporalResnetBlock
from torch import nn

from studio.engine.families.videoldm.temporal import (
    FrameConv,
    TemporalBlender,
    TemporalConv,
    TemporalTransformer,
    apply_rotary,
)

BATCH, FRAMES, WIDTH = 2, 5, 32


def filled(module: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(4)
    for parameter in module.parameters():
        parameter.data = 0.2 * torch.randn(parameter.shape, generator=generator)
    return module.eval()


def share(ours: nn.Module, theirs: nn.Module) -> None:
    """Give a public block our weights, by name."""
    own = dict(ours.named_parameters())
    theirs.load_state_dict({name: own[name] for name in theirs.state_dict()})


@pytest.mark.parametrize(("logit", "weight"), [(0.0, 0.5), (4.0, 0.98201), (-4.0, 0.01799)])
@torch.no_grad()
def test_mix_weighs_the_temporal_side(logit, weight):
    mix = TemporalBlender()
    assert mix.mix_factor.abs() <= 4
    mix.mix_factor.fill_(logit)
    space, time = torch.randn(2, 3, 4)
    torch.testing.assert_close(mix(space, time), space + weight * (time - space), atol=1e-4, rtol=0)
    blender = AlphaBlender(-logit, "learned")  # SVD's weighs space
    torch.testing.assert_close(mix(space, time), blender(space, time))


@torch.no_grad()
def test_mix_of_equals_is_exact():
    space = torch.randn(1000)
    for logit in torch.linspace(-4, 4, 9):
        mix = TemporalBlender()
        mix.mix_factor.fill_(logit)
        assert torch.equal(mix(space, space.clone()), space)


@torch.no_grad()
def test_frame_convolution_is_the_3d_one():
    conv = FrameConv(8)
    x = torch.randn(BATCH * FRAMES, 8, 3, 7)
    clip = x.unflatten(0, (BATCH, FRAMES)).transpose(1, 2)
    expected = nn.Conv3d.forward(conv, clip).transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(conv(x, FRAMES), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("positions", ["rotary", "absolute"])
@torch.no_grad()
def test_fresh_layers_are_the_identity(positions):
    conv = TemporalConv(WIDTH, 16, norm="frame")
    x = torch.randn(FRAMES, WIDTH, 3, 3)
    assert torch.equal(conv(x, torch.randn(FRAMES, 16), FRAMES), x)
    transformer = TemporalTransformer(WIDTH, 2, 12, reach=2, positions=positions)
    tokens, places = torch.randn(FRAMES, 6, WIDTH), torch.arange(FRAMES)[None]
    assert torch.equal(transformer(tokens, places, torch.randn(1, 4, 12)), tokens)


@torch.no_grad()
def test_clip_norm_is_the_public_block():
    ours = filled(TemporalConv(WIDTH, 16, norm="clip"))
    theirs = TemporalResnetBlock(WIDTH, WIDTH, temb_channels=16, eps=1e-6).eval()
    share(ours, theirs)
    x, embedding = torch.randn(BATCH * FRAMES, WIDTH, 3, 4), torch.randn(BATCH * FRAMES, 16)
    clip = x.unflatten(0, (BATCH, FRAMES)).transpose(1, 2)
    time = theirs(clip, embedding.unflatten(0, (BATCH, FRAMES))).transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(ours(x, embedding, FRAMES), ours.mix(x, time), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_absolute_positions_are_the_public_block():
    ours = filled(TemporalTransformer(WIDTH, 2, 12, reach=FRAMES, positions="absolute"))
    theirs = TemporalBasicTransformerBlock(WIDTH, WIDTH, 2, WIDTH // 2, 12).eval()
    share(ours, theirs)
    tokens, text = torch.randn(BATCH * FRAMES, 6, WIDTH), torch.randn(BATCH, 4, 12)
    places = torch.arange(FRAMES).expand(BATCH, -1)
    spots = ours.time_pos_embed(ours.time_proj(places.flatten()))
    time = theirs(tokens + spots[:, None], FRAMES, text.repeat_interleave(6, 0))
    expected = ours.mix(tokens, time)
    torch.testing.assert_close(ours(tokens, places, text), expected, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_attention_keeps_to_its_reach():
    """With everything else off, a frame sees the mean of the values within reach."""
    layer = filled(TemporalTransformer(WIDTH, 2, 12, reach=2, positions="rotary"))
    layer.attn1.to_q.weight.zero_()
    h = torch.randn(3, 7, WIDTH)
    seen = layer._temporal_attention(h, torch.arange(7)[None])
    near = [h[:, max(0, t - 2) : t + 3].mean(1) for t in range(7)]
    ways = [layer.offsets[max(0, 2 - t) : min(5, 9 - t)].mean(0) for t in range(7)]
    values = layer.attn1.to_v(torch.stack(near, 1)) + torch.stack(ways)
    expected = layer.attn1.to_out[0](values)
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_frames_that_look_alike_still_know_their_place():
    """By how far away the others are, wherever the clip begins."""
    layer = filled(TemporalTransformer(WIDTH, 2, 12, reach=6, positions="rotary"))
    h = torch.randn(3, 1, WIDTH).expand(-1, 7, -1)
    seen = layer._temporal_attention(h, torch.arange(7)[None])
    assert (seen.diff(dim=1).abs().amax((0, 2)) > 1e-3).all()
    torch.testing.assert_close(layer._temporal_attention(h, torch.arange(50, 57)[None]), seen)


def test_reach_is_in_positions_not_in_frames():
    """Frames that lie far apart in time do not see each other, however few they are."""
    layer = filled(TemporalTransformer(WIDTH, 2, 12, reach=2, positions="rotary"))
    tokens = torch.randn(3, 1, WIDTH, requires_grad=True)
    layer(tokens, torch.tensor([[0, 3, 5]]), torch.randn(1, 4, 12))[0].sum().backward()
    assert tokens.grad.abs().amax((1, 2)).gt(0).tolist() == [True, False, False]


def test_rotation_tells_differences_only():
    q, k = torch.randn(2, 1, 1, 1, 16).double()

    def product(i: int, j: int) -> float:
        return float(
            (apply_rotary(q, torch.tensor([[i]])) * apply_rotary(k, torch.tensor([[j]]))).sum()
        )

    assert product(3, 5) == pytest.approx(product(60, 62), rel=1e-4)
    assert product(3, 5) != pytest.approx(product(3, 6), rel=1e-2)
    torch.testing.assert_close(apply_rotary(q, torch.tensor([[0]])), q)
    torch.testing.assert_close(apply_rotary(q, torch.tensor([[9]])).norm(), q.norm())
