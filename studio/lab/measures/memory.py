"""How much memory each stage takes at full size: computed from shapes alone, or measured.

Networks in the layouts of Stable Diffusion 1.5 and its ×4 upscaler, with layers over time.  A stage
works on a span at a time, so that the length of a clip does not appear here.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn

from studio.engine.checkpoints import layouts
from studio.engine.device import Device, set_attention
from studio.engine.diffusers_calls import decode_latents, encode_mean
from studio.engine.families.videoldm.decoder import DecoderConfig, DecoderLayers, VideoDecoder
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.memory.live import weights
from studio.engine.memory.modes import counting
from studio.spec.frame_spans import DECODE_CHUNK, DECODE_MARGIN, UPSAMPLE_MARGIN
from studio.spec.plan.need import Need

WINDOW = 8
"""Keyframes that are made at once."""
TILE = 64
"""Pixels of the small frames along a tile's side."""
WORDS = 77
CAP = 8e9
"""Bytes of the smallest card that all of it is meant for."""

Run = Callable[[], object]


def predicted(
    width: int, height: int, dtype: torch.dtype, chosen: Iterable[str] = ()
) -> dict[str, Need]:
    """From shapes alone, of every stage or of those chosen: nothing is computed, no memory is taken."""
    found = {}
    for name in chosen or STAGES:
        nets, run = STAGES[name](width, height, Device("meta", dtype, ""))
        with torch.no_grad(), counting(nets) as live:
            run()
        found[name] = Need(weights(nets), live.peak)
    return found


def measured(width: int, height: int, device: Device) -> dict[str, Need]:
    """By computing each stage once, on a card as if it had `CAP` bytes."""
    with _capped(device):
        return _measured(width, height, device)


@contextmanager
def _capped(device: Device) -> Iterator[None]:
    """On a card of CUDA as if it had `CAP` bytes, and afterwards all that it has."""
    if device.name != "cuda":
        yield
        return
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, CAP / total))
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def _measured(width: int, height: int, device: Device) -> dict[str, Need]:
    found = {}
    for name, build in STAGES.items():
        nets, run = build(width, height, device)
        with torch.no_grad():
            found[name] = Need(weights(nets), _peak(run, device))
        del nets, run
        gc.collect()  # or the next stage would seem to take what this one gives back
        device.free()
    return found


def _peak(run: Run, device: Device) -> int:
    """Bytes that a run takes beside what is there; on a processor by Linux's own account."""
    if device.name == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    device.free()  # or what lies free from before would be taken unseen
    Path("/proc/self/clear_refs").write_text("5")  # the highest so far is what is there now
    before = _resident("VmRSS")
    run()
    return _resident("VmHWM") - before


def _resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _keyframes(width: int, height: int, to: Device) -> tuple[list[nn.Module], Run]:
    with torch.device("meta"):
        unet = UNet2DConditionModel(**layouts.SD15_UNET)
        net = _given(VideoUNet(unet, TemporalLayers(unet, TemporalConfig())), to)
    x, text = _filled((WINDOW, 4, height // 8, width // 8), to), _filled((1, WORDS, 768), to)
    t = torch.full((WINDOW,), 500, device=to.name)
    return [net], lambda: net(x, t, text, frames=WINDOW)


def _decode(width: int, height: int, to: Device) -> tuple[list[nn.Module], Run]:
    with torch.device("meta"):
        vae = AutoencoderKL(**layouts.SD_AUTOENCODER)
        net = _given(VideoDecoder(vae, DecoderLayers(vae.decoder, DecoderConfig())), to)
    frames = DECODE_CHUNK + 2 * DECODE_MARGIN
    z = _filled((frames, 4, height // 8, width // 8), to)
    return [net], lambda: net(z, frames)


def _encode(width: int, height: int, to: Device) -> tuple[list[nn.Module], Run]:
    """A picture, or a frame that a clip goes on from: known frames are encoded one by one."""
    with torch.device("meta"):
        vae = _given(AutoencoderKL(**layouts.SD_AUTOENCODER), to)
    x = _filled((1, 3, height, width), to)
    return [vae], lambda: encode_mean(vae, x)


def _upsample(width: int, height: int, to: Device) -> tuple[list[nn.Module], Run]:
    """A tile of a portion; beside it the portion itself, noisy and small, and what is mixed."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**layouts.UPSCALER_UNET)
        layers = TemporalLayers(unet, TemporalConfig(attends=False))
        net = _given(VideoUNet(unet, layers), to)
    frames = DECODE_CHUNK + 2 * UPSAMPLE_MARGIN
    down, across = min(TILE, height), min(TILE, width)
    text, t = _filled((1, WORDS, 1024), to), torch.full((frames,), 500, device=to.name)

    def run() -> object:
        whole = [_filled((frames, channels, height, width), to) for channels in (4, 7, 4)]
        observed = whole[1][..., :down, :across].contiguous()
        return whole, net(observed, t, text, frames=frames, level=t)

    return [net], run


def _larger_picture(width: int, height: int, to: Device) -> tuple[list[nn.Module], Run]:
    """A tile of one frame out of latents."""
    with torch.device("meta"):
        vae = _given(AutoencoderKL(**layouts.UPSCALER_AUTOENCODER), to)
    z = _filled((1, 4, min(TILE, height), min(TILE, width)), to)
    return [vae], lambda: decode_latents(vae, z)


def _given(net: nn.Module, to: Device) -> nn.Module:
    """The network on a device with nothing in it: memory does not ask what weights say."""
    net = nn.Module.to(net, to.dtype).to_empty(device=to.name).eval().requires_grad_(False)
    for tensor in net.state_dict().values():
        tensor.zero_()
    set_attention(net, to)
    return net


def _filled(shape: tuple[int, ...], to: Device) -> Tensor:
    return torch.ones(shape, device=to.name, dtype=to.dtype)


STAGES = {
    "a known frame encoded": _encode,
    "a window of keyframes": _keyframes,
    "a chunk decoded over time": _decode,
    "a portion upsampled, tile by tile": _upsample,
    "a tile as a picture": _larger_picture,
}


def markdown(columns: Mapping[str, Mapping[str, Need]]) -> str:
    """The table, in MB; a column of weights and working memory for each way of knowing."""
    names = "".join(f" {name}: weights, MB | working, MB |" for name in columns)
    lines = [f"| stage |{names}", "|---" * (1 + 2 * len(columns)) + "|"]
    for stage in STAGES:
        needs = [found[stage] for found in columns.values()]
        cells = "".join(f" {n.weights / 1e6:.0f} | {n.working / 1e6:.0f} |" for n in needs)
        lines.append(f"| {stage} |{cells}")
    return "\n".join(lines)
