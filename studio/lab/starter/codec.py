"""Train the starter's autoencoder: 128 × 128 pixels to 8 channels of 16 × 16, each normalised.

The channels' means and deviations are folded into the two 1 × 1 convolutions around the latents, so
that stock pipelines, which know one `scaling_factor`, open it.
"""

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional as F

from studio.engine.device import in_half, place_of
from studio.engine.training.loop import Plan, fit
from studio.lab.starter import animation, leaves, places
from studio.lab.starter.animation import Stage
from studio.spec.progress import Tick, silent

SIZE, CELLS, CHANNELS = 128, 16, 8
CONFIG = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (24, 48, 96, 128),
    "layers_per_block": 1,
    "latent_channels": CHANNELS,
    "norm_num_groups": 8,
    "mid_block_add_attention": False,
    "sample_size": SIZE,
    "scaling_factor": 1.0,
}
LEAVES = 0.35
"""Share of pictures that are dead leaves; the others are frames of clips."""
WHOLE_FROM = 0.75
"""Share of the run after which pictures are whole: group norms see other statistics on crops."""


def fresh(seed: int) -> AutoencoderKL:
    """The autoencoder with random weights."""
    torch.manual_seed(seed)
    return AutoencoderKL(**CONFIG)


def train(
    stage: Stage, seed: int, steps: int, batch: int, folder: Path, *, tick: Tick = silent
) -> AutoencoderKL:
    """Reconstruct fresh pictures; crops of half the side first.  Returns the averaged network,
    frozen and normalised."""
    vae = fresh(seed).to(stage.canvases.device)
    plan = Plan("autoencoder", steps, rate=1e-3 * min(2.0, (batch / 32) ** 0.5), decay=0.0)

    def loss_at(step: int) -> Tensor:
        whole = step >= WHOLE_FROM * steps
        pictures = batch_of(stage, seed, step, batch if whole else 2 * batch, whole=whole)
        return loss(vae, pictures, places.generator(7_000_000 * (seed + 1) + step, place_of(vae)))

    vae.load_state_dict(fit(vae, loss_at, plan, folder, tick=tick))
    vae.eval().requires_grad_(False)
    return normalised(vae, stage, seed)


@torch.no_grad()
def batch_of(stage: Stage, seed: int, step: int, count: int, *, whole: bool) -> Tensor:
    """Pictures (count, 3, S, S) in -1..1: frames of clips and dead leaves, mirrored at times."""
    rng = np.random.default_rng((seed, step, 1))
    some = round(LEAVES * count)
    scene = animation.scenes(rng, count - some, stage.cast, stage.grounds, shapes=0.2)
    frames = stage.draw(scene, rng.uniform(0, animation.FRAMES, (count - some, 1)))[:, 0]
    generator = places.generator(3_000_000 * (seed + 1) + step, frames.device)
    pictures = torch.cat([frames, leaves.leaves(some, stage.size, generator)])
    if not whole:
        side = stage.size // 2
        y, x = rng.integers(0, stage.size - side + 1, 2)
        pictures = pictures[..., y : y + side, x : x + side]
    if rng.random() < 0.3:
        pictures = pictures[:, torch.from_numpy(rng.permutation(3)).to(pictures.device)]
    return (pictures.flip(-1) if rng.random() < 0.5 else pictures) * 2 - 1


def loss(vae: AutoencoderKL, x0: Tensor, generator: torch.Generator) -> Tensor:
    """L1 at full, half and quarter size, an edge term, and a little KL."""
    with in_half(x0.device):
        posterior = vae.encode(x0).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=generator, device=x0.device)
        latents = posterior.mean + posterior.std * noise
        back = vae.decode(latents.to(x0.dtype)).sample
    back = back.float()
    error = (back - x0).abs().mean()
    for factor in (2, 4):
        error = error + 0.5 * (F.avg_pool2d(back, factor) - F.avg_pool2d(x0, factor)).abs().mean()
    edges = (back - x0).diff(dim=-1).abs().mean() + (back - x0).diff(dim=-2).abs().mean()
    return error + 0.25 * edges + 1e-5 * posterior.kl().float().mean() / latents[0].numel()


@torch.no_grad()
def normalised(vae: AutoencoderKL, stage: Stage, seed: int, count: int = 512) -> AutoencoderKL:
    """The same autoencoder with latents of mean 0 and deviation 1 in every channel."""
    parts = [batch_of(stage, seed + 1, k, 64, whole=True) for k in range(max(1, count // 64))]
    z = torch.cat([vae.encode(part).latent_dist.mean.float() for part in parts])
    mean, deviation = z.mean((0, 2, 3)), z.std((0, 2, 3))
    to, back = vae.quant_conv, vae.post_quant_conv
    inverse = torch.cat([1 / deviation, torch.ones_like(deviation)])
    to.weight.mul_(inverse[:, None, None, None])
    to.bias.mul_(inverse)
    to.bias[:CHANNELS].sub_(mean / deviation)
    to.bias[CHANNELS:].sub_(2 * deviation.log())  # of the logarithm of the variance
    back.bias.add_((back.weight[:, :, 0, 0] * mean).sum(1))
    back.weight.mul_(deviation[None, :, None, None])
    return vae


@torch.no_grad()
def decibels(vae: AutoencoderKL, pictures: Tensor) -> Tensor:
    """PSNR of each picture (N, 3, H, W) in 0..1 through the autoencoder."""
    back = vae.decode(vae.encode(pictures * 2 - 1).latent_dist.mean).sample
    error = ((back.clamp(-1, 1) + 1) / 2 - pictures).square().mean((1, 2, 3))
    return -10 * error.log10()
