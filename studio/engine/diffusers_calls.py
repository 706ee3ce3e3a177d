"""diffusers' calls with the types of what they return, which its own annotations leave out.

A config is annotated as a dict, though its entries are attributes; `encode` and `decode` as an
output or a tuple, though by default they return the output; `to` as a call without arguments.
"""

from typing import Any, TypeVar

import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor, nn

Net = TypeVar("Net", bound=nn.Module)


def config_of(part: Any) -> Any:
    """The config of a network or a scheduler, its entries as attributes."""
    return part.config


def encode_mean(vae: Any, pictures: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) in -1..1 → unscaled latents (N, C, h, w): the posterior's mean."""
    return encode_posterior(vae, pictures).mean


def encode_posterior(vae: Any, pictures: Tensor) -> DiagonalGaussianDistribution:
    """Pictures (N, 3, H, W) in -1..1 → the distribution of their unscaled latents (N, C, h, w)."""
    return vae.encode(pictures).latent_dist


def decode_latents(vae: Any, latents: Tensor) -> Tensor:
    """Unscaled latents (N, C, h, w) → pictures (N, 3, H, W) in about -1..1."""
    return vae.decode(latents).sample


def to_device(net: Net, device: str | torch.device) -> Net:
    """The network itself, on a device."""
    moved: Any = net
    return moved.to(device)
