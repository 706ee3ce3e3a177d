"""Image upscalers by spandrel's own classes, where that library is installed."""

import pytest
import torch

from studio.engine.device import Device
from studio.engine.families.image_upscaler.family import load
from studio.engine.memory.lighter import lighter
from studio.engine.memory.needs import need_of, skeleton
from studio.engine.memory.streaming import stream
from studio.engine.roles import UpscaleSpec
from studio.engine.tiles import Tile, Tiling
from studio.library import models as library
from studio.spec.plan.steps import STREAMED
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from studio.spec.spans import spans
from tests.cards import card
from tests.opened import opened
from tests.published_upscalers import LAYOUTS, write

spandrel = pytest.importorskip("spandrel", reason="spandrel, an extra, is not installed")
SIDE = 24
HALF = Device("cpu", torch.float16)


def spec(side: int = 64, overlap: int = 4) -> UpscaleSpec:
    return UpscaleSpec((0, 1), 7, 1, 0, Tiling(side, overlap))


def frames(count: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    cells = torch.randint(0, 256, (count, 6, 6, 3), generator=generator)
    return cells.repeat_interleave(4, 1).repeat_interleave(4, 2).byte()


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_picture_is_what_the_network_makes_of_it(tmp_path, name):
    shapes, scale = LAYOUTS[name]
    file = write(tmp_path / f"{name}.safetensors", shapes)
    upscaler = opened(tmp_path, name, "upscaler")
    made = upscaler.upscale(frames(), spec(), silent)
    assert (upscaler.factor, upscaler.context) == (scale, 0)
    assert made.shape == (2, scale * SIDE, scale * SIDE, 3)
    assert made.float().std() > 1
    net = spandrel.ModelLoader().load_from_file(file).model
    with torch.no_grad():
        whole = net(frames().permute(0, 3, 1, 2).float() / 255).clamp(0, 1)
    assert (made.float() - 255 * whole.permute(0, 2, 3, 1)).abs().max() < 1


def test_tiles_ticks_and_a_part_alone(tmp_path):
    write(tmp_path / "4x-UltraSharp.safetensors", LAYOUTS["4x-UltraSharp"][0])
    upscaler, heard = opened(tmp_path, "4x-UltraSharp", "upscaler"), []
    made = upscaler.upscale(frames(), spec(16, 8), heard.append)
    assert [(p.stage, p.step, p.total) for p in heard] == [("upsample", n, 8) for n in range(9)]
    corner = upscaler.upscale(frames(), spec(16, 8), silent, only=Tile(0, 0, 16, 16))
    assert torch.equal(made[:, :32, :32], corner[:, :32, :32])
    assert not torch.equal(made[:, 48:64, 48:64], corner[:, 48:64, 48:64])


def test_in_half_precision(tmp_path):
    write(tmp_path / "RealESRGAN_x4plus.safetensors", LAYOUTS["RealESRGAN_x4plus"][0])
    half, full = (
        opened(tmp_path, "RealESRGAN_x4plus", "upscaler", device) for device in (HALF, None)
    )
    assert next(half.net.parameters()).dtype == torch.float16
    found, expected = (one.upscale(frames(1), spec(), silent).float() for one in (half, full))
    assert (found - expected).abs().mean() < 1


def test_a_plan_takes_half_in_half_precision_and_less_where_weights_are_streamed(tmp_path):
    write(tmp_path / "RealESRGAN_x4plus.safetensors", LAYOUTS["RealESRGAN_x4plus"][0])
    model = library.find("RealESRGAN_x4plus", [tmp_path])
    own = card(side=256, largest=256)
    part = model.card.part(model.weights, ("upscaler",))
    asked = own.request(
        "a ball", 7, (("image", "x"),), parts=(part,), keyframes=2, interpolate=0,
        upsample=model.card.upsampling,
    )  # fmt: skip
    last = spans(asked)[-1]
    card_of = Device("cuda", torch.float16)
    devices = (card_of, Device("cuda", torch.float32), lighter(card_of, [STREAMED]))
    half, full, streamed = (
        need_of(
            last, skeleton(lambda on: load(tmp_path, model.card, "upscaler", on, silent), on), on
        )
        for on in devices
    )
    assert last.stage == "upsample"
    assert 2 * half.weights == full.weights > streamed.weights == 0
    assert 0.4 < half.working / full.working < 0.7
    assert half.flops == full.flops == streamed.flops > 0


def test_weights_that_are_streamed_give_the_same(tmp_path):
    write(tmp_path / "4x-UltraSharp.safetensors", LAYOUTS["4x-UltraSharp"][0])
    upscaler = opened(tmp_path, "4x-UltraSharp", "upscaler")
    made = upscaler.upscale(frames(1), spec(), silent)
    stream(upscaler.net, "cpu")
    assert torch.equal(upscaler.upscale(frames(1), spec(), silent), made)


def test_one_of_another_size_than_its_header_says_is_refused(tmp_path):
    shapes = LAYOUTS["RealESRGAN_x4plus"][0] | {"conv_last.weight": (4, 8, 3, 3), "conv_last.bias": (4,)}  # fmt: skip
    write(tmp_path / "odd.safetensors", shapes)
    with pytest.raises(Refusal, match="and not colours 4 times"):
        opened(tmp_path, "odd", "upscaler")
