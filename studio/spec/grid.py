"""How latents lie over the frames and pixels of a clip."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grid:
    """How latents lie over a clip: a latent's cell covers `spatial` × `spatial` pixels, and a latent
    `temporal` frames.

    The first latent is one frame alone, as in causal video autoencoders: latent 0 is frame 0,
    latent k the frames (k − 1)·temporal + 1 to k·temporal.  With 1, latents are frames.
    """

    spatial: int = 8
    temporal: int = 1

    def latents(self, frames: int) -> int:
        """Latents of a clip.  ValueError for a number of frames that fills no whole latents."""
        if frames < 1 or not self.is_border(frames - 1):
            raise ValueError(f"{frames} frames are no whole latents of {self.temporal} frames")
        return 1 + (frames - 1) // self.temporal

    def frames(self, latents: int) -> int:
        """Frames of a clip of so many latents, 1 or more."""
        return 1 + (latents - 1) * self.temporal

    def latent_of(self, frame: int) -> int:
        """The latent in which a frame lies."""
        return -(-frame // self.temporal)

    def frames_of(self, latent: int) -> range:
        """The frames that lie in a latent."""
        end = latent * self.temporal + 1
        return range(end - self.temporal if latent else 0, end)

    def latents_of(self, frames: range) -> range:
        """The latents in which consecutive frames lie."""
        return range(self.latent_of(frames[0]), self.latent_of(frames[-1]) + 1)

    def is_border(self, frame: int) -> bool:
        """Whether a frame is the last of its latent: known frames belong there."""
        return frame % self.temporal == 0

    def cells(self, width: int, height: int) -> tuple[int, int]:
        """Cells (height, width) of a latent.  ValueError for sides that hold no whole cells."""
        if width % self.spatial or height % self.spatial:
            raise ValueError(f"{width} × {height} pixels are no whole cells of {self.spatial}")
        return height // self.spatial, width // self.spatial


STILLS = Grid()
"""Of image autoencoders: latents are frames."""
