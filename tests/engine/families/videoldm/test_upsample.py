"""Upsampling: tiles against the definition, portions against the whole, cancelling, loading."""

import dataclasses

import pytest
import torch
from torch.nn import functional as F

from studio.engine.device import choose
from studio.engine.families.videoldm import upsampler
from studio.engine.families.videoldm.upsample import upsample
from studio.engine.families.videoldm.upsampler import RESIDUAL_SCALE
from studio.engine.noise import clip_noise
from studio.engine.roles import UpscaleSpec
from studio.engine.tiles import Tile, Tiling
from studio.spec.progress import Cancelled, silent
from studio.spec.refusal import Refusal
from tests.engine.tiny_upsampler import save, tiny

KINDS = ("latent", "pixel")


@pytest.fixture(scope="module", params=KINDS)
def model(request):
    return tiny(request.param)


def frames(count: int = 3, side: int = 16) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.randint(0, 255, (count, side, side, 3), generator=draw, dtype=torch.uint8)


def spec(count: int = 3, *, side: int = 16, overlap: int = 4, first: int = 0, **more):
    positions = tuple(range(first, first + count))
    said = {"seed": 7, "steps": 2, "level": 20, "tiling": Tiling(side, overlap)}
    return UpscaleSpec(positions, **said | more)


def test_four_times_as_large(model):
    made = upsample(model, frames(), spec(), silent)
    assert made.shape == (3, 64, 64, 3)
    assert made.dtype == torch.uint8
    assert torch.equal(made, upsample(model, frames(), spec(), silent))
    assert not torch.equal(made, upsample(model, frames(), spec(seed=8), silent))


def test_the_level_of_noise_is_told(model):
    said = []
    kept = model.net.image.class_embedding
    handle = kept.register_forward_pre_hook(lambda _, given: said.append(given[0].tolist()))
    upsample(model, frames(), spec(level=123), silent)
    handle.remove()
    assert said == [[123] * 3] * 2


def test_a_step_is_what_the_network_says_of_each_tile_mixed():
    """From noise alone one step ends at less the predicted v, which is the detail that resampled
    frames lack: on two tiles, by hand."""
    model, clip = tiny("pixel"), frames(2, 16)[:, :8]
    how = spec(2, side=12, overlap=8, steps=1)
    small = clip.permute(0, 3, 1, 2).float() / 127.5 - 1
    noise = {
        purpose: clip_noise(7, "upsample", how.frames, shape, shared=0.5, purpose=purpose)
        for purpose, shape in (("small", (3, 8, 16)), ("start", (3, 32, 64)))
    }
    seen = model.low_scheduler.add_noise(small, noise["small"], torch.tensor([20]))
    seen = torch.cat([noise["start"], F.interpolate(seen, scale_factor=4, mode="bilinear")], 1)
    t, words = torch.tensor([999, 999]), torch.zeros(1, 1, 8)
    whole, said = torch.zeros(2, 3, 32, 64), torch.zeros(32, 64)
    for left in (0, 16):
        part = seen[..., left : left + 48].contiguous()
        v = model.net(part, t, words, frames=2, level=torch.tensor([20, 20]))
        weights = Tile(0, left, 32, 48).weights(32)
        whole[..., left : left + 48] += v * weights
        said[:, left : left + 48] += weights
    made = F.interpolate(small, scale_factor=4, mode="bicubic") - whole / said / RESIDUAL_SCALE
    made = made.permute(0, 2, 3, 1).add(1).mul(127.5).round().clamp(0, 255)
    assert (made - upsample(model, clip, how, silent).float()).abs().max() <= 1


def test_no_seam_is_to_be_seen(model):
    """Beside a tile's edge neighbours differ as they do elsewhere."""
    made = upsample(model, frames(2, 32), spec(2, side=16, overlap=8), silent).float()
    steps = made.diff(dim=2).abs().mean((0, 1, 3))
    edges = [4 * left - 1 for left in (8, 16, 24)]
    assert steps[edges].mean() < 1.25 * steps.mean()


def test_portions_that_overlap_agree(model):
    """The middle of a portion is nearly that of a longer one: noise belongs to frames."""
    clip = frames(9)
    long = upsample(model, clip, spec(9), silent)[3:6].float()
    short = upsample(model, clip[1:8], spec(7, first=1), silent)[2:5].float()
    other = upsample(model, clip[1:8], spec(7, first=40), silent)[2:5].float()
    assert (long - short).abs().mean() < 0.5 * (long - other).abs().mean()


def test_it_can_be_stopped_at_every_tile(model):
    for stop in (1, 3, 9):
        heard = []

        def tick(progress, heard=heard, stop=stop):
            heard.append(progress)
            if len(heard) == stop:
                raise Cancelled

        with pytest.raises(Cancelled):
            upsample(model, frames(), spec(side=12), tick)
        assert len(heard) == stop


def test_progress_ends_at_its_total(model):
    heard = []
    upsample(model, frames(), spec(side=12), heard.append)
    steps = [p.step for p in heard]
    assert steps == sorted(set(steps))
    assert (steps[-1], len({p.total for p in heard})) == (heard[0].total, 1)


def test_words_guide_only_a_model_that_reads_them(model):
    plain = upsample(model, frames(), spec(), silent)
    assert torch.equal(
        plain, upsample(model, frames(), spec(prompt="a ball", guidance=3.0), silent)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_one_opens_and_makes_the_same(kind, tmp_path):
    folder = save(tiny(kind), tmp_path)
    config = tiny(kind).net.temporal.config
    opened = upsampler.load(folder, choose("cpu"))
    assert dataclasses.asdict(opened.net.temporal.config) == dataclasses.asdict(config)
    made = upsample(opened, frames(), spec(), silent)
    assert torch.equal(made, upsample(tiny(kind), frames(), spec(), silent))


def test_a_missing_part_is_refused_by_name(tmp_path):
    folder = save(tiny("latent"), tmp_path)
    (folder / "temporal.safetensors").unlink()
    with pytest.raises(Refusal, match=r'"temporal\.safetensors" cannot be read'):
        upsampler.load(folder, choose("cpu"))
    (folder / "unet" / "config.json").unlink()
    with pytest.raises(Refusal, match='"unet" cannot be read'):
        upsampler.load(folder, choose("cpu"))


def test_a_tile_alone_is_that_part_of_the_whole_where_tiles_do_not_overlap(model):
    apart = spec(side=12, overlap=0)
    tile, ticks = apart.tiling.around(24, 24, 0.9, 0.1), []
    assert tile == Tile(12, 0, 12, 12)
    alone = upsample(model, frames(side=24), apart, ticks.append, only=tile)
    whole = upsample(model, frames(side=24), apart, silent)
    assert torch.equal(alone, whole[:, 48:, :48])
    assert (ticks[-1].step, ticks[-1].total) == (3, 3)
