"""Wan's autoencoder where memory is short: in tiles, which wait on the processor."""

import pytest
import torch
from diffusers import AutoencoderKLWan
from torch import nn

from studio.engine.device import SHAPES
from studio.engine.families.wan.autoencoder import Autoencoder
from studio.engine.memory.modes import counting
from studio.engine.memory.once import each_once
from tests.engine.families.wan import tiny

TILE = {"tile_sample_min_height": 64, "tile_sample_min_width": 64,
        "tile_sample_stride_height": 48, "tile_sample_stride_width": 48}  # fmt: skip


def codec(layout: str, *, tiled: bool) -> Autoencoder:
    net = tiny.vae(layout)
    if tiled:
        net.enable_tiling(**TILE)
    return Autoencoder(net)


@pytest.mark.parametrize("layout", ["i2v", "ti2v"])
def test_where_one_tile_covers_it_is_that_tile(layout):
    """The autoencoder looks at neighbours, so that a tile is the decoding of its part alone."""
    whole, tiled = codec(layout, tiled=False), codec(layout, tiled=True)
    side, channels = whole.grid.spatial, whole.channels
    generator = torch.Generator().manual_seed(1)
    cells = 64 // side
    z = torch.randn(1, channels, 2, cells, 2 * cells, generator=generator)
    made = tiled.decode(z)
    assert made.shape == (5, 64, 128, 3)
    left, right = (whole.decode(z[..., part]) for part in (slice(cells), slice(cells, None)))
    assert torch.equal(made[:, :, :32], left[:, :, :32])
    assert torch.equal(made[:, :, -32:], right[:, :, -32:])
    assert not torch.equal(made[:, :, 48:64], left[:, :, 48:64])
    one = z[..., :cells]
    assert torch.equal(tiled.decode(one), whole.decode(one))


def shapes(layout: str) -> AutoencoderKLWan:
    net = tiny.vae(layout)
    nn.Module.to(net, SHAPES)
    return net


def test_a_larger_picture_takes_no_more_of_a_card_in_tiles():
    peaks = []
    for across in (2, 8):
        net = shapes("ti2v")
        net.enable_tiling(**TILE)
        z = torch.empty(1, 48, 5, 8, 4 * across, device=SHAPES)
        with counting([net]) as live, each_once(live, [net.decoder]):
            Autoencoder(net).decode(z)
        peaks.append((live.peaks[SHAPES], live.peaks["cpu"]))
    (small, small_beside), (large, large_beside) = peaks
    assert large < 1.1 * small
    assert large_beside > 3 * small_beside


def test_what_a_decoder_keeps_from_frame_to_frame_is_counted_once_for_each_shape():
    """Its features of the frames before it come in a list that it changes."""
    counts = []
    for often in (True, False):
        net, called = shapes("i2v"), []
        net.decoder.conv_in.register_forward_hook(lambda *_, c=called: c.append(1))
        z = torch.empty(1, 16, 6, 4, 4, device=SHAPES)
        with counting([net]) as live:
            if often:
                net.decode(z)
            else:
                with each_once(live, [net.decoder]):
                    net.decode(z)
        counts.append((live.flops, live.peaks[SHAPES], len(called)))
    (flops, peak, calls), (same, about, fewer) = counts
    assert (flops, calls, fewer) == (same, 6, 3)
    assert about == pytest.approx(peak, rel=0.02)
