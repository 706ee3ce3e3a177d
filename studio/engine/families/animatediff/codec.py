"""The role "codec": Stable Diffusion's image autoencoder, frame by frame."""

from dataclasses import dataclass

from torch import Tensor

from studio.engine.families.videoldm.backbone import Backbone
from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.encode import encode
from studio.spec.card import Grid
from studio.spec.progress import Tick


@dataclass(frozen=True, slots=True)
class ImageCodec:
    """A latent a frame, and nothing beside it matters."""

    backbone: Backbone
    context: int = 0

    @property
    def grid(self) -> Grid:
        return Grid(self.backbone.reduction)

    def encode(self, frames: Tensor) -> Tensor:
        """Frames uint8 (T, H, W, 3) → latents (T, C, h, w), fp32 on the CPU."""
        self.grid.cells(frames.shape[2], frames.shape[1])
        return encode(self.backbone, frames)

    def decode(self, latents: Tensor, tick: Tick) -> Tensor:
        """Latents (T, C, h, w) → frames uint8 (T, H, W, 3)."""
        return decode(self.backbone, latents, tick)
