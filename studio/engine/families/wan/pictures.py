"""Frames as CLIP's picture encoder sees them, which Wan 2.1's image to video reads beside the words:
encoded once, the encoder then dropped."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from studio.engine.device import Device
from studio.engine.fitting import filling
from studio.engine.loading import loading

MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Of the pixels that CLIP was trained with, in 0..1."""
KEPT = 8
"""Frames whose embeddings stay in memory, 0.7 MB each in half precision."""


class Pictures:
    """Embeddings by frame; `open_encoder` opens the network, in the device's precision."""

    def __init__(self, open_encoder: Callable[[], Any], device: Device) -> None:
        self._open, self._device = open_encoder, device
        self._known: OrderedDict[bytes, Tensor] = OrderedDict()

    def encoded(self, frames: Sequence[Tensor | None]) -> Tensor:
        """Frames uint8 (H, W, 3) → (N, tokens, D), on the device; of None zeros."""
        keys = [b"" if frame is None else frame.numpy().tobytes() for frame in frames]
        wanted = dict(zip(keys, frames, strict=True))
        if missing := [key for key in wanted if key and key not in self._known]:
            made = self._encode([f for key in missing if (f := wanted[key]) is not None])
            self._known |= dict(zip(missing, made, strict=True))
        like = next((self._known[key] for key in keys if key), None)
        if like is None:
            like = self._encode([torch.zeros(8, 8, 3, dtype=torch.uint8)])[0]
        found = [self._known[key] if key else torch.zeros_like(like) for key in keys]
        while len(self._known) > max(KEPT, len(missing)):
            self._known.popitem(last=False)
        return torch.cat(found).to(self._device.name)

    @torch.no_grad()
    def _encode(self, frames: list[Tensor]) -> list[Tensor]:
        try:
            with loading():
                encoder = self._open()
            side = encoder.config.image_size
            fitted = torch.cat([filling(frame[None], side, side) for frame in frames])
            pixels = fitted.permute(0, 3, 1, 2).float() / 255
            mean, deviation = (torch.tensor(v)[:, None, None] for v in (MEAN, DEVIATION))
            given = ((pixels - mean) / deviation).to(self._device.name, self._device.dtype)
            seen = encoder(given, output_hidden_states=True).hidden_states[-2]
            return list(seen.cpu().split(1))
        finally:
            encoder = None
            self._device.free()
