"""Pictures fitted to a clip's size."""

import torch
from torch import Tensor
from torch.nn import functional as F


def filling(frames: Tensor, height: int, width: int) -> Tensor:
    """Frames uint8 (T, H, W, 3) resized to fill height × width, what sticks out cut off evenly."""
    scale = max(height / frames.shape[1], width / frames.shape[2])
    size = [
        max(least, round(side * scale))
        for side, least in zip(frames.shape[1:3], (height, width), strict=True)
    ]
    x = F.interpolate(frames.permute(0, 3, 1, 2).float(), size, mode="bicubic", antialias=True)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    x = x[..., top : top + height, left : left + width]
    return x.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
