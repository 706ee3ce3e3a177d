"""Speeds and memory of the stages on a device, beside stock networks: random weights in published
shapes, or in tiny ones of the same kind, so that the measure itself can be tried anywhere.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    MotionAdapter,
    UNet2DConditionModel,
    UNetMotionModel,
    WanTransformer3DModel,
)
from torch import Tensor, nn

from studio.engine.checkpoints import layouts
from studio.engine.device import ACCELERATORS, Device, set_attention
from studio.engine.diffusers_calls import decode_latents
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.memory.measured import measured
from studio.engine.memory.shortage import unless_short
from studio.engine.memory.streaming import stream
from studio.lab.measures.fitting import TI2V_5B

RUNS = 5
"""Of which the median counts, after one that warms up."""
WORDS = 77
Built = tuple[list[nn.Module], Callable[[], object]]
TINY_UNET: dict[str, Any] = {
    "block_out_channels": (32, 64), "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"), "cross_attention_dim": 32,
    "attention_head_dim": 2,
}  # fmt: skip
TINY_AUTOENCODER: dict[str, Any] = layouts.SD_AUTOENCODER | {
    "block_out_channels": (32, 32, 32, 32), "layers_per_block": 1,
}  # fmt: skip
TINY_WAN: dict[str, Any] = TI2V_5B | {
    "num_attention_heads": 2, "attention_head_dim": 32, "ffn_dim": 64, "num_layers": 2,
    "text_dim": 64, "in_channels": 16, "out_channels": 16,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scale:
    """The layouts that are measured, and how many times smaller frames are along a side."""

    unet: dict[str, Any]
    autoencoder: dict[str, Any]
    wan: dict[str, Any]
    smaller: int = 1


FULL = Scale(layouts.SD15_UNET, layouts.SD_AUTOENCODER, TI2V_5B)
TINY = Scale(TINY_UNET, TINY_AUTOENCODER, TINY_WAN, 8)


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of one run, the median, and bytes at most with the networks; None for both where memory
    was short; `how` says what had to be done about that."""

    what: str
    seconds: float | None
    peak: int | None
    how: str = ""


def speeds(device: Device, scale: Scale, until: float) -> Iterator[Speed]:
    """Each case in turn; those that the time is up for (`time.monotonic()`) are left out."""
    for name, build in CASES.items():
        if time.monotonic() > until:
            yield Speed(name, None, None, "left out: the time was up")
            continue
        yield _measured(name, build, device, scale)


def _measured(name: str, build: "Build", device: Device, scale: Scale) -> Speed:
    """As it is, and where memory is short with weights that are brought layer by layer."""
    for how in ("", "weights brought layer by layer"):
        found = unless_short(lambda: _run(build, device, scale, streamed=bool(how)))  # noqa: B023
        gc.collect()
        device.free()
        if found is not None:
            return Speed(name, *found, how)
    return Speed(name, None, None, "not enough memory, in the lightest way")


def _run(build: "Build", device: Device, scale: Scale, *, streamed: bool) -> tuple[float, int]:
    home = Device("cpu", device.dtype) if streamed else device
    nets, run = build(device, home, scale)
    if streamed:
        for net in nets:
            stream(net, device.name)
    with torch.no_grad():
        held = 0 if streamed else sum(t.nbytes for net in nets for t in net.parameters())
        peak = held + measured(run, device)
        return median(_timed(run, device) for _ in range(RUNS)), peak


def _timed(run: Callable[[], object], device: Device) -> float:
    _wait(device)
    started = time.perf_counter()
    run()
    _wait(device)
    return time.perf_counter() - started


def _wait(device: Device) -> None:
    if device.name in ACCELERATORS:
        getattr(torch, device.name).synchronize()


def _on(net: nn.Module, home: Device) -> Any:
    """A network with nothing in it on a device."""
    net = nn.Module.to(net, home.dtype).to_empty(device=home.name).eval().requires_grad_(False)
    with torch.no_grad():
        for tensor in (*net.parameters(), *net.buffers()):
            tensor.fill_(0.01) if tensor.is_floating_point() else tensor.zero_()
    set_attention(net, home)
    return net


def _ones(device: Device, *shape: int) -> Tensor:
    return torch.ones(shape, device=device.name, dtype=device.dtype)


Build = Callable[[Device, Device, Scale], Built]
"""(what computes, where weights are kept, layouts) → networks, and one run of them."""


def _ours(
    frames: int, height: int, width: int, *, guided: bool = False, shut: bool = False
) -> Build:
    def build(device: Device, home: Device, scale: Scale) -> Built:
        with torch.device("meta"):
            unet = UNet2DConditionModel(**scale.unet)
            net = VideoUNet(unet, TemporalLayers(unet, TemporalConfig()))
        net, batch = _on(net, home), 1 + guided
        size = (height // 8 // scale.smaller, width // 8 // scale.smaller)
        x = _ones(device, batch * frames, 4, *size)
        t = torch.full((batch * frames,), 500, device=device.name)
        text = _ones(device, batch, WORDS, scale.unet["cross_attention_dim"])
        return [net], lambda: net(x, t, text, frames=frames, image_only=shut)

    return build


def _stock(frames: int, height: int, width: int, *, guided: bool = False) -> Build:
    def build(device: Device, home: Device, scale: Scale) -> Built:
        levels = scale.unet.get("block_out_channels", (320, 640, 1280, 1280))
        with torch.device("meta"):
            unet = UNet2DConditionModel(**scale.unet)
            adapter = MotionAdapter(block_out_channels=levels)
            net: Any = UNetMotionModel.from_unet2d(unet, adapter, load_weights=False)
        net, batch = _on(net, home), 1 + guided
        size = (height // 8 // scale.smaller, width // 8 // scale.smaller)
        x = _ones(device, batch, 4, frames, *size)
        t = torch.full((1,), 500, device=device.name)
        text = _ones(device, batch * frames, WORDS, scale.unet["cross_attention_dim"])
        return [net], lambda: net(x, t, text)

    return build


def _decoded(device: Device, home: Device, scale: Scale) -> Built:
    with torch.device("meta"):
        vae = AutoencoderKL(**scale.autoencoder)
    vae = _on(vae, home)
    z = _ones(device, 1, 4, 320 // 8 // scale.smaller, 512 // 8 // scale.smaller)
    return [vae], lambda: decode_latents(vae, z)


def _wan(device: Device, home: Device, scale: Scale) -> Built:
    with torch.device("meta"):
        net = WanTransformer3DModel(**scale.wan)
    net = _on(net, home)
    x = _ones(device, 1, scale.wan["in_channels"], 31, 44 // scale.smaller, 80 // scale.smaller)
    t, text = torch.zeros(1, device=device.name), _ones(device, 1, 512, scale.wan["text_dim"])
    return [net], lambda: net(x, t, text, return_dict=False)


CASES: dict[str, Build] = {
    "16 × 512², one pass, ours": _ours(16, 512, 512),
    "16 × 512², one pass, the image network alone": _ours(16, 512, 512, shut=True),
    "16 × 512², one pass, stock UNetMotionModel": _stock(16, 512, 512),
    "16 × 512², guided, ours": _ours(16, 512, 512, guided=True),
    "16 × 512², guided, stock": _stock(16, 512, 512, guided=True),
    "8 × 320 × 512, one pass, ours": _ours(8, 320, 512),
    "8 × 320 × 512, one pass, stock": _stock(8, 320, 512),
    "5 × 320 × 512 (an interval), one pass, ours": _ours(5, 320, 512),
    "5 × 320 × 512, guided, stock": _stock(5, 320, 512, guided=True),
    "one frame of 320 × 512 decoded": _decoded,
    "Wan TI2V-5B, 121 × 704 × 1280, one pass": _wan,
}


def markdown(found: Sequence[Speed]) -> str:
    """The table."""
    lines = ["| what | seconds | memory at most, MB | |", "|---|---|---|---|"]
    for speed in found:
        seconds = "–" if speed.seconds is None else f"{speed.seconds:.4g}"
        peak = "–" if speed.peak is None else f"{speed.peak / 1e6:.0f}"
        lines.append(f"| {speed.what} | {seconds} | {peak} | {speed.how} |")
    return "\n".join(lines)
