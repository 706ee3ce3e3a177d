"""True frames as latents, to be compared with those that a model makes."""

from contextlib import nullcontext

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from studio.engine.device import in_half
from studio.engine.diffusers_calls import config_of, encode_mean


def encode(vae: AutoencoderKL, frames: np.ndarray) -> Tensor:
    """Frames (T, H, W, 3) in 0..1 to scaled latents (T, 4, H/4, W/4) on the CPU; the posterior's
    mean."""
    x0 = torch.from_numpy(frames).permute(0, 3, 1, 2) * 2 - 1
    with in_half(vae.device) if vae.dtype == torch.float32 else nullcontext():
        mean = encode_mean(vae, x0.to(vae.device, vae.dtype))
    return mean.float().cpu() * config_of(vae).scaling_factor
