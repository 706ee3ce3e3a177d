"""Train the starter's autoencoder on procedural pictures."""

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional as F

from studio.engine.device import PROCESSOR, Device, in_half
from studio.engine.subjects.loop import Plan, fit
from studio.lab.drawing import pictures
from studio.spec.progress import Tick, silent

CONFIG = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "block_out_channels": (32, 64, 96),
    "layers_per_block": 1,
    "latent_channels": 4,
    "norm_num_groups": 8,
    "mid_block_add_attention": False,
    "sample_size": pictures.SIZE,
}


def fresh(seed: int) -> AutoencoderKL:
    """The starter's autoencoder with random weights: 64×64 pixels to 4×16×16 latents."""
    torch.manual_seed(seed)
    return AutoencoderKL(**CONFIG)


def train(
    seed: int,
    steps: int,
    folder: Path,
    *,
    pool: int = 6000,
    device: Device = PROCESSOR,
    tick: Tick = silent,
) -> AutoencoderKL:
    """Crops of 32 pixels for most of the run, whole pictures at the end.

    Group norms see other statistics on crops than on whole pictures, so the last part must be
    whole.  Returns the averaged network with `scaling_factor` set to 1 / std of its latents.
    """
    vae = fresh(seed).to(device.name)
    data = torch.from_numpy(pictures.pool(seed, pool))
    plan = Plan("autoencoder", steps, rate=1.5e-3, decay=0.0)

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, step, 1))
        x0 = batch(data, rng, whole=step >= 0.85 * steps)
        return loss(vae, x0.to(vae.device), rng)

    average = fit(vae, loss_at, plan, folder, tick=tick)
    vae.load_state_dict(average)
    vae.eval().requires_grad_(False)
    vae.register_to_config(scaling_factor=1 / latent_std(vae, data[:512]))
    return vae


def batch(data: Tensor, rng: np.random.Generator, *, whole: bool) -> Tensor:
    """Pictures (B, 3, S, S) in -1..1, mirrored and with their channels shuffled at times."""
    count, size = (16, pictures.SIZE) if whole else (32, 32)
    chosen = torch.from_numpy(rng.integers(len(data), size=count))
    y, x = rng.integers(0, pictures.SIZE - size + 1, 2)
    x0 = data[chosen, :, y : y + size, x : x + size].float() / 127.5 - 1
    if rng.random() < 0.5:
        x0 = x0.flip(-1)
    if rng.random() < 0.3:
        x0 = x0[:, torch.from_numpy(rng.permutation(3))]
    return x0


def loss(vae: AutoencoderKL, x0: Tensor, rng: np.random.Generator) -> Tensor:
    """L1 at full, half and quarter size, an edge term, and a whisper of KL."""
    with in_half(x0.device):
        posterior = vae.encode(x0).latent_dist
        noise = torch.from_numpy(rng.standard_normal(posterior.mean.shape, np.float32))
        latents = posterior.mean + posterior.std * noise.to(x0.device)
        back = vae.decode(latents.to(x0.dtype)).sample
    back = back.float()
    error = (back - x0).abs().mean()
    for factor in (2, 4):
        error = error + 0.5 * (F.avg_pool2d(back, factor) - F.avg_pool2d(x0, factor)).abs().mean()
    edges = (back - x0).diff(dim=-1).abs().mean() + (back - x0).diff(dim=-2).abs().mean()
    return error + 0.25 * edges + 1e-5 * posterior.kl().float().mean() / latents[0].numel()


@torch.no_grad()
def latent_std(vae: AutoencoderKL, pictures_uint8: Tensor) -> float:
    """Standard deviation of the latents of pictures (N, 3, H, W) uint8."""
    parts = pictures_uint8.float().div(127.5).sub(1).split(64)
    means = [vae.encode(p.to(vae.device)).latent_dist.mean for p in parts]
    return float(torch.cat(means).std())
