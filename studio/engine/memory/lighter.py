"""What was loaded made lighter, as its device asks: attention, tiles, weights that are streamed."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from torch import nn

from studio.engine import device as devices
from studio.engine.device import PROCESSOR, Device, set_attention
from studio.engine.memory.streaming import stream
from studio.engine.roles import Parts
from studio.engine.untouched import networks
from studio.spec.plan.steps import ELSEWHERE, FUSED, STREAMED, TILED


def lighter(device: Device, steps: Collection[str]) -> Device:
    """The device that computes as steps of a ladder (`studio.spec.plan.steps`) say."""
    if ELSEWHERE in steps:
        device = replace(PROCESSOR, attention=devices.FUSED)
    return replace(
        device,
        attention=devices.FUSED if FUSED in steps else device.attention,
        tiles=TILED in steps,
        streams=STREAMED in steps and ELSEWHERE not in steps,
    )


def lighten(parts: Parts, device: Device) -> Parts:
    """The parts, computing as `device` says wherever they can; their weights stay what they are."""
    for net in networks(parts):
        if device.attention:
            set_attention(net, device)
        if device.tiles:
            for tiled in _tileable(net):
                tiled.enable_tiling()
        if device.streams:
            stream(net, device.name)
    return parts


def _tileable(net: nn.Module) -> Iterator[Any]:
    """Autoencoders; they tile pictures that are larger than their training's, with seams blended."""
    for module in net.modules():
        if callable(getattr(module, "enable_tiling", None)):
            yield module
