"""Networks that enlarge single pictures (ESRGAN, Wang et al. 2018, and its kin) by the library spandrel,
which knows each by its tensors: the role "upscaler", frame by frame, with nothing in common between
frames but the network.

Spandrel is an extra of ours and imported when such a model is opened.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from studio.engine.checkpoints.opening import UNREADABLE
from studio.engine.device import Device
from studio.engine.families.image_upscaler.enlarge import PictureUpscaler
from studio.engine.loading import loading
from studio.engine.roles import Parts
from studio.spec.card import Card
from studio.spec.progress import Progress, Tick
from studio.spec.refusal import Refusal

COMPONENT = "network"


def load(folder: Path, card: Card, role: str, device: Device, tick: Tick) -> Parts:
    """What fills "upscaler".  Refused where spandrel is not there, does not know the network, or finds
    it to enlarge otherwise than the card says."""
    del role  # there is no other
    file = folder / dict(card.files)[COMPONENT]
    tick(Progress("loading upsampler", 0, 1, note=file.name))
    with loading():
        found = _opened(file)
    if found.scale != card.scale or (found.input_channels, found.output_channels) != (3, 3):
        raise Refusal(
            f"{file.name} makes {found.input_channels} channels {found.scale} times as large, and not "
            f"colours {card.scale} times.",
            "Use another image upscaler.",
        )
    is_half = device.dtype == torch.float16 and found.supports_half
    net = found.model.to(device.home, torch.float16 if is_half else torch.float32)
    net.eval().requires_grad_(False)
    tick(Progress("loading upsampler", 1, 1))
    return {"upscaler": PictureUpscaler(net, found, device.name)}


def _opened(file: Path) -> Any:
    try:
        spandrel: Any = import_module("spandrel")
    except (ImportError, RuntimeError, AttributeError, OSError) as error:
        raise Refusal(
            f"{file.name} needs the library spandrel, which cannot be imported here ({error}).",
            "Install spandrel, with the torchvision of the same release as your torch: pip install "
            "spandrel torchvision.",
        ) from error
    try:
        with torch.device("cpu"):
            found = spandrel.ModelLoader("cpu").load_from_file(file)
    except (*UNREADABLE, spandrel.UnsupportedModelError) as error:
        raise Refusal(
            f"{file.name} is no image upscaler that spandrel {spandrel.__version__} knows.",
            "Use another, or download it again.",
        ) from error
    return found
