"""Likeness of pictures: a small network's features, which are alike where subjects are.

It looks at colours and shapes of a whole picture, at 64 × 64; it was taught on drawn characters
(`studio.lab.measures.likeness`), and its file says how far it is to be trusted on photos.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from studio.engine.device import PROCESSOR, Device, place_of
from studio.engine.loading import loading
from studio.spec.refusal import Refusal

SIZE = 64
WIDTHS = (24, 48, 80, 112)
FEATURES = 64
RELIABLE = 0.8
"""ROC area on photos below which figures say "not reliable for photos"."""
PART = 0.6
"""Share of a picture's shorter side of the four squares that are looked at beside the whole."""


class LikenessNet(nn.Module):
    """Pictures (B, 3, 64, 64) in -1..1 to unit features (B, 64); about 0.2 M parameters.

    Middle and strength of each map are pooled over the whole picture, so place matters little.
    `photo_roc` is the ROC area measured on photos, or nan where nobody measured it yet.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, features: int = FEATURES) -> None:
        super().__init__()
        self.widths, self.features = tuple(widths), features
        self.photo_roc = float("nan")
        parts: list[nn.Module] = []
        for before, after in zip((3, *widths[:-1]), widths, strict=True):
            parts += [nn.Conv2d(before, after, 3, padding=1), nn.GroupNorm(8, after), nn.SiLU()]
            parts += [nn.MaxPool2d(2)]
        self.body = nn.Sequential(*parts)
        self.head = nn.Linear(2 * widths[-1], features)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.body(pictures)
        pooled = torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1)
        return F.normalize(self.head(pooled), dim=1)

    @property
    def reliable_for_photos(self) -> bool:
        return self.photo_roc >= RELIABLE


@torch.no_grad()
def features(net: LikenessNet, pictures: list[np.ndarray]) -> Tensor:
    """Unit features (N, 64), on the CPU, of pictures, uint8 (H, W, 3) each, of any size."""
    small = torch.stack([shrunk(picture) for picture in pictures])
    return net((small / 127.5 - 1).to(place_of(net))).cpu()


@torch.no_grad()
def likenesses(net: LikenessNet, frames: Iterable[np.ndarray], photos: Tensor) -> np.ndarray:
    """How alike each frame, uint8 (H, W, 3), is to photos of one subject by their `features`
    (N, 64): float32 (T,), -1..1.

    A subject may be small and anywhere: of a frame the whole middle and four overlapping squares
    are compared with the mean of all photos, and the best counts.
    """
    mean = photos.mean(0)
    found = [(features(net, _views(frame)) @ mean).max() for frame in frames]
    return torch.stack(found).numpy() if found else np.zeros(0, np.float32)


def _views(frame: np.ndarray) -> list[np.ndarray]:
    height, width = frame.shape[:2]
    side = max(1, round(PART * min(height, width)))
    places = [(top, left) for top in (0, height - side) for left in (0, width - side)]
    return [frame, *(frame[top : top + side, left : left + side] for top, left in places)]


def load(file: Path, device: Device = PROCESSOR) -> LikenessNet:
    """The network of `save`, ready to measure."""
    try:
        with safe_open(file, "pt") as opened:
            shape = json.loads(opened.metadata()["likeness"])
            tensors = {key: opened.get_tensor(key).float() for key in opened.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise Refusal(
            f"The likeness network {file} cannot be read.", "Install it again."
        ) from error
    with loading():
        net = LikenessNet(tuple(shape["widths"]), shape["features"])
    net.load_state_dict(tensors)
    net.photo_roc = shape["photo_roc"]
    return net.to(device.name).eval().requires_grad_(False)


def shrunk(picture: np.ndarray) -> Tensor:
    """The middle square at 64×64, float (3, 64, 64) in 0..255."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side].astype(np.float32)
    x = torch.from_numpy(square).permute(2, 0, 1)[None]
    return F.interpolate(x, (SIZE, SIZE), mode="bilinear", antialias=True)[0]
