"""Train the starter's autoencoder: 128 × 128 pixels to 8 channels of 16 × 16, each normalised.

The channels' means and deviations are folded into the two 1 × 1 convolutions around the latents, so
that stock pipelines, which know one `scaling_factor`, open it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional as F

from studio.engine.device import in_half
from studio.engine.diffusers_calls import decode_latents, encode_mean, encode_posterior, to_device
from studio.engine.subjects.loop import Plan
from studio.lab.drawing.scenes import FRAMES
from studio.lab.starter import animation, leaves, places
from studio.lab.starter.animation import Stage
from studio.lab.training.trainer import scaled_rate
from studio.lab.training.trainer import train as learn
from studio.spec.progress import Progress, Tick, silent

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
PORTION = 512
"""Pictures that a card draws at once: a field of one number a pixel takes 32 MB."""
RATE, AT_BATCH = 1e-3, 32


def fresh(seed: int) -> AutoencoderKL:
    """The autoencoder with random weights."""
    torch.manual_seed(seed)
    return AutoencoderKL(**CONFIG)


@torch.no_grad()
def pictures(
    stage: Stage, seed: int, count: int, *, portion: int = 64, tick: Tick = silent
) -> Tensor:
    """Frames of clips and dead leaves, uint8 (count, 3, S, S) on the stage's device, mixed."""
    device, some = stage.canvases.device, round(LEAVES * count)
    pool = torch.empty((count, 3, stage.size, stage.size), dtype=torch.uint8, device=device)
    for first in range(0, count, portion):
        last = min(first + portion, count)
        rng = np.random.default_rng((seed, first, 1))
        painted = max(0, min(last, count - some) - first)
        parts = [pool[:0].float()]
        if painted:
            scene = animation.scenes(rng, painted, stage.cast, stage.grounds, shapes=0.2)
            parts.append(stage.draw(scene, rng.uniform(0, FRAMES, (painted, 1)))[:, 0])
        if last - first > painted:
            generator = places.generator(3_000_000 * (seed + 1) + first, device)
            parts.append(leaves.leaves(last - first - painted, stage.size, generator))
        pool[first:last] = (torch.cat(parts) * 255).round().to(torch.uint8)
        tick(Progress("drawing pictures", last, count))
    return pool


def train(
    pool: Tensor,
    seed: int,
    steps: int,
    batch: int,
    folder: Path,
    *,
    seconds: float | None = None,
    tick: Tick = silent,
) -> AutoencoderKL:
    """Reconstruct the pictures of `pool`; crops of half the side first, four times as many.

    Returns the averaged network, frozen and normalised.
    """
    vae = to_device(fresh(seed), pool.device)
    rate = scaled_rate(RATE, batch, AT_BATCH)
    plan = Plan("autoencoder", steps, rate=rate, decay=0.0, checkpoint_seconds=120)

    def loss_at(step: int, done: float) -> Tensor:
        generator = places.generator(7_000_000 * (seed + 1) + step, pool.device)
        whole = done >= WHOLE_FROM
        rng = np.random.default_rng((seed, step, 1))
        shown = batch_of(pool, rng, batch if whole else 4 * batch, generator, whole=whole)
        return loss(vae, shown, generator)

    return normalised(learn(vae, loss_at, plan, folder, seconds=seconds, tick=tick), pool)


def batch_of(
    pool: Tensor, rng: np.random.Generator, count: int, generator: torch.Generator, *, whole: bool
) -> Tensor:
    """Pictures (count, 3, S, S) in -1..1, mirrored and with other colours at times; or crops."""
    chosen = torch.randint(len(pool), (count,), generator=generator, device=pool.device)
    side = pool.shape[-1] if whole else pool.shape[-1] // 2
    y, x = (int(at) for at in rng.integers(0, pool.shape[-1] - side + 1, 2))
    shown = pool[:, :, y : y + side, x : x + side][chosen].float() / 127.5 - 1
    if rng.random() < 0.3:
        shown = torch.stack([shown[:, k] for k in rng.permutation(3)], 1)
    return shown.flip(-1) if rng.random() < 0.5 else shown


def loss(vae: AutoencoderKL, x0: Tensor, generator: torch.Generator) -> Tensor:
    """L1 at full, half and quarter size, an edge term, and a little KL."""
    with in_half(x0.device):
        posterior = encode_posterior(vae, x0)
        noise = torch.randn(posterior.mean.shape, generator=generator, device=x0.device)
        latents = posterior.mean + posterior.std * noise
        back = decode_latents(vae, latents.to(x0.dtype))
    back = back.float()
    error = (back - x0).abs().mean()
    for factor in (2, 4):
        error = error + 0.5 * (F.avg_pool2d(back, factor) - F.avg_pool2d(x0, factor)).abs().mean()
    edges = (back - x0).diff(dim=-1).abs().mean() + (back - x0).diff(dim=-2).abs().mean()
    return error + 0.25 * edges + 1e-5 * posterior.kl().float().mean() / latents[0].numel()


@torch.no_grad()
def normalised(vae: AutoencoderKL, pool: Tensor, count: int = 1024) -> AutoencoderKL:
    """The same autoencoder with latents of mean 0 and deviation 1 in every channel."""
    shown = pool[:: max(1, len(pool) // count)].split(64)
    z = torch.cat([encode_mean(vae, part.float() / 127.5 - 1) for part in shown])
    mean, deviation = z.mean((0, 2, 3)), z.std((0, 2, 3))
    to: Any = vae.quant_conv
    back: Any = vae.post_quant_conv
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
    back = decode_latents(vae, encode_mean(vae, pictures * 2 - 1))
    error = ((back.clamp(-1, 1) + 1) / 2 - pictures).square().mean((1, 2, 3))
    return -10 * error.log10()
