"""Training of temporal decoder layers; encoder and image decoder are frozen.

L1, a perceptual term and a critic of clips (Video LDM section 3.1.1); and L1 of the changes from
frame to frame, without which a small training lowers the error and not the flicker.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from studio.engine.device import in_half
from studio.engine.diffusers_calls import config_of, encode_mean
from studio.engine.families.videoldm.decoder import DecoderConfig, DecoderLayers, VideoDecoder
from studio.engine.subjects.loop import Plan
from studio.lab.training.adversary import Discriminator, adaptive_weight, generator_loss, hinge
from studio.lab.training.trainer import train as learn
from studio.spec.progress import Tick, silent

CLIPS, RATE = 2, 3e-4
"""Clips an update, and the learning rate."""
DISCRIMINATOR_START = 0.5
"""Share of the updates in which the discriminator learns alone."""
ADVERSARIAL_WEIGHT = 0.1
"""Of the adaptive weight, by which both gradients of the last layer are as long."""
MAX_NOISE_LEVEL = 0.1
"""Half of the latents have noise of a deviation up to this on them: those of the product are made,
not encoded, and tremble a little."""


def fresh(vae: AutoencoderKL, seed: int) -> DecoderLayers:
    """Untrained layers for a decoder."""
    torch.manual_seed(seed)
    groups = config_of(vae).norm_num_groups
    return DecoderLayers(vae.decoder, DecoderConfig(norm_groups=groups))


def train(
    vae: AutoencoderKL, clips: Tensor, seed: int, steps: int, folder: Path,
    *, critics: tuple[str, ...] = ("clips",), seconds: float | None = None, tick: Tick = silent,
) -> DecoderLayers:  # fmt: skip
    """From clips uint8 (N, T, H, W, 3), where `vae` is, which must be in fp32; returns the layers,
    averaged.

    `critics` are of "clips" and perhaps of "pictures".
    """
    layers = fresh(vae, seed)
    net = nn.ModuleDict({"layers": layers})
    net["critics"] = nn.ModuleDict(
        {name: Discriminator(over_time=name == "clips") for name in critics}
    )
    net.to(vae.device)
    plan = Plan("temporal decoder", steps, rate=RATE, decay=0.0, checkpoint_seconds=120)

    def loss_at(step: int, done: float) -> Tensor:
        rng = np.random.default_rng((seed, step, 12))
        batch = drawn(clips, rng).to(vae.device)
        return loss(vae, net, batch, rng, adversarial=done >= DISCRIMINATOR_START)

    learn(net, loss_at, plan, folder, seconds=seconds, keep_last=True, tick=tick)
    return layers


def drawn(clips: Tensor, rng: np.random.Generator) -> Tensor:
    """Some clips uint8 (B, T, H, W, 3), mirrored at times; whole, for norms see other statistics in
    crops."""
    chosen = clips[torch.from_numpy(rng.integers(len(clips), size=CLIPS)).to(clips.device)]
    return chosen.flip(3) if rng.random() < 0.5 else chosen


def loss(
    vae: AutoencoderKL,
    net: nn.ModuleDict,
    clips: Tensor,
    rng: np.random.Generator,
    *,
    adversarial: bool,
) -> Tensor:
    """Sum of the losses of layers and discriminators on clips uint8 (B, T, H, W, 3)."""
    layers, critics = net["layers"], net["critics"]
    assert isinstance(layers, DecoderLayers)
    assert isinstance(critics, nn.ModuleDict)
    real, frames = as_pictures(clips), clips.shape[1]
    with in_half(real.device):
        made = VideoDecoder(vae, layers)(latents(vae, real, rng), frames).float()
        difference = as_clips(made - real, frames)
        found = (
            difference.abs().mean()
            + difference.diff(dim=2).abs().mean()
            + perceptual_distance(vae, made, real)
        )
        learned = found
        for critic in critics.values():
            learned = learned + hinge(critic, as_clips(real, frames), as_clips(made, frames))
            if adversarial:
                generated = generator_loss(critic, as_clips(made, frames))
                weight = adaptive_weight(found, generated, layers.time_conv_out.weight)
                learned = learned + ADVERSARIAL_WEIGHT * weight * generated
    return learned


def as_pictures(clips: Tensor) -> Tensor:
    """Frames uint8 (B, T, H, W, 3) → (B T) 3 H W in -1..1."""
    return clips.flatten(0, 1).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1


def as_clips(frames: Tensor, count: int) -> Tensor:
    """(B T) 3 H W → B 3 T H W."""
    return frames.unflatten(0, (-1, count)).transpose(1, 2)


@torch.no_grad()
def latents(vae: AutoencoderKL, frames: Tensor, rng: np.random.Generator) -> Tensor:
    """Unscaled latents of frames (N, 3, H, W), with a little noise on some."""
    # torch 2.13: frozen group norms whose channels come last end the process in their backward
    mean = encode_mean(vae, frames).contiguous()
    level = rng.uniform(0, MAX_NOISE_LEVEL) * (rng.random() < 0.5) / config_of(vae).scaling_factor
    noise = torch.from_numpy(rng.standard_normal(mean.shape, np.float32))
    return mean + level * noise.to(mean)


def perceptual_distance(vae: AutoencoderKL, made: Tensor, real: Tensor) -> Tensor:
    """How differently the autoencoder's own encoder sees two sets of frames (N, 3, H, W).

    Features of each level, of length 1 in each cell, as LPIPS compares those of other networks
    (Zhang et al. 2018).
    """
    with torch.no_grad():
        wanted = features(vae, real)
    found = features(vae, made)
    apart = [(a - b).square().sum(1).mean() for a, b in zip(found, wanted, strict=True)]
    return torch.stack(apart).mean()


def features(vae: AutoencoderKL, frames: Tensor) -> list[Tensor]:
    """What the encoder sees of frames at each level, (N, C, h, w) of length 1 in each cell."""
    x, levels = vae.encoder.conv_in(frames), []
    blocks: Any = vae.encoder.down_blocks
    for block in blocks:
        for resnet in block.resnets:
            x = resnet(x, None)
        level = x.float() if x.dtype == torch.float16 else x  # whose squares it cannot hold
        levels.append(level / (level.square().sum(1, keepdim=True) + 1e-8).sqrt())
        for sampler in block.downsamplers or ():
            x = sampler(x)
    return levels
