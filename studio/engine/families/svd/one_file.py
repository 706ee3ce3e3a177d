"""Stable Video Diffusion's networks out of its one published file."""

from typing import Any

import torch
from diffusers import UNetSpatioTemporalConditionModel
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from studio.engine.checkpoints import names, sizes
from studio.engine.checkpoints.opening import Source, filled
from studio.engine.checkpoints.state import stored
from studio.engine.checkpoints.svd_names import VISION
from studio.engine.device import Device


def open_unet(source: Source, frames: int, device: Device) -> Any:
    """The network that moves the frame, in a release for so many `frames`."""
    there = stored(names.IMAGE, source.files[names.IMAGE], source.naming)
    config = source.config(names.IMAGE, there.shapes, sizes.unet_over_time_config)
    with torch.device("meta"):
        net: Any = UNetSpatioTemporalConditionModel.from_config(config | {"num_frames": frames})
    return filled(net, there.read(device.dtype, device.home))


def open_vision(source: Source, device: Device) -> Any:
    """CLIP's picture encoder; the numbers of its positions are in no file."""
    there = stored(VISION, source.files[VISION], source.naming)
    config = source.config(VISION, there.shapes, sizes.vision_config)
    with torch.device("meta"):
        net = CLIPVisionModelWithProjection(CLIPVisionConfig.from_dict(config))
    net = filled(net, there.read(device.dtype, device.home))
    inside = net.vision_model.embeddings
    positions = torch.arange(inside.num_positions, device=device.home)
    inside.register_buffer("position_ids", positions[None], persistent=False)
    return net
