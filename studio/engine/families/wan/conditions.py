"""How known frames reach Wan's transformer: by channels beside the noise, or as the first latent.

Wan 2.1 and 2.2 I2V read 36 channels: 16 of noise, 4 of a mask (one for each frame of a latent) and
16 of the known frames encoded as a clip that is grey elsewhere; any set of frames may be known.
TI2V-5B takes the first frame's latent in place of noise, at timestep 0, and nothing else.  VACE
(Jiang et al. 2025) reads known frames through a control branch: a clip that is grey in its holes,
encoded, one that is grey elsewhere, and a mask.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from studio.engine.families.wan.autoencoder import Autoencoder, to_pixels

More = dict[str, Tensor]
"""Further arguments of the transformer."""
Inputs = tuple[Tensor, Tensor, More]
"""Of the transformer: hidden states (1, channels, t, h, w), timesteps (1,) or one per token, and what
else it reads."""
Condition = Callable[[Tensor, float], Inputs]
"""(noisy latents (1, C, t, h, w), timestep) → the transformer's inputs, in fp32."""


def _timestep(t: float, x: Tensor) -> Tensor:
    return torch.full((1,), t, device=x.device)


def unconditioned(x: Tensor, t: float) -> Inputs:
    """Text to video: noise alone."""
    return x, _timestep(t, x), {}


def channels(
    autoencoder: Autoencoder,
    clip: Tensor,
    known: Tensor,
    level: float,
    noise: Tensor,
    more: More | None = None,
) -> Condition:
    """Mask and encoded known frames as channels; clip uint8 (T, H, W, 3), known (T,).

    `level`, 0..1, of `noise`, shaped as the latents are, is mixed into what is encoded; `more` goes
    to the transformer as it is.
    """
    pixels = torch.where(known[:, None, None, None], to_pixels(clip), torch.zeros(()))
    latents = autoencoder.encode(pixels)
    latents = (1 - level**2) ** 0.5 * latents + level * noise.to(latents.device)
    condition = torch.cat([mask_channels(known, latents, autoencoder.grid.temporal), latents], 1)

    def inputs(x: Tensor, t: float) -> Inputs:
        return torch.cat([x, condition.to(x.device)], 1), _timestep(t, x), more or {}

    return inputs


def control(
    autoencoder: Autoencoder,
    clip: Tensor,
    known: Tensor,
    level: float,
    noise: Tensor,
    scale: Tensor,
) -> Condition:
    """VACE's control of a clip: `scale` weighs each layer of it.

    A latent is marked as known where all its frames are, and else as the released code shrinks the
    mask, which looks at one frame of the latent: others act through their pixels alone.
    """
    pixels = torch.where(known[:, None, None, None], to_pixels(clip), torch.zeros(()))
    shown = autoencoder.encode(pixels)
    shown = (1 - level**2) ** 0.5 * shown + level * noise.to(shown.device)
    grey = autoencoder.encode(torch.zeros_like(pixels))
    t, h, w = shown.shape[2:]
    side = autoencoder.grid.spatial
    open_ = (~_known_latents(known, t, autoencoder.grid.temporal)).to(shown)
    mask = open_[None, None, :, None, None].expand(1, side * side, t, h, w)
    condition = torch.cat([shown, grey, mask], 1)
    more = {"control_hidden_states": condition, "control_hidden_states_scale": scale}
    return lambda x, t: (x, _timestep(t, x), {n: m.to(x.device) for n, m in more.items()})


def _known_latents(known: Tensor, latents: int, temporal: int) -> Tensor:
    """known (T,) → of each latent (t,) whether it is marked as known."""
    frames = len(known)
    looked_at = ((torch.arange(latents) + 0.5) * frames / latents).floor().long()
    whole = torch.cat([known[:1], known[1:].reshape(-1, temporal).all(1)])
    return known[looked_at] | whole


def first_latent(
    autoencoder: Autoencoder, clip: Tensor, known: Tensor, level: float, noise: Tensor
) -> Tensor | None:
    """The latent (1, C, 1, h, w) of a clip's first frame if that is known; else as `channels`."""
    if not known[0]:
        return None
    latent = autoencoder.encode(to_pixels(clip[:1]))
    return (1 - level**2) ** 0.5 * latent + level * noise[:, :, :1].to(latent.device)


def mask_channels(known: Tensor, latents: Tensor, temporal: int) -> Tensor:
    """known (T,) → (1, temporal, t, h, w): of each latent, which of its frames are known.

    The first frame, alone in its latent, counts as all of that latent's frames.
    """
    slots = torch.cat([known[:1].expand(temporal), known[1:]]).reshape(-1, temporal).T
    shape = (1, *slots.shape, *latents.shape[-2:])
    return slots[None, :, :, None, None].expand(shape).to(latents)


class FirstLatent:
    """The first frame's latent in place of noise, or no known frame at all (`latent` None)."""

    def __init__(self, patch: tuple[int, int, int], latent: Tensor | None = None) -> None:
        self.patch, self.latent = patch, latent

    def __call__(self, x: Tensor, t: float) -> Inputs:
        """A timestep for each token: nought for those of the known latent."""
        times = torch.full_like(x[0, 0], t, dtype=torch.float32)
        if self.latent is not None:
            times[0] = 0
        tokens = times[:, :: self.patch[1], :: self.patch[2]].reshape(1, -1)
        return self.put_in(x), tokens, {}

    def put_in(self, x: Tensor) -> Tensor:
        """The latents with the known one in its place."""
        if self.latent is None:
            return x
        return torch.cat([self.latent.to(x), x[:, :, 1:]], 2)
