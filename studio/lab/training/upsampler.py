"""Training of upsamplers: an image network first, then its temporal layers (Video LDM section 3.4).

On patches, with noise on the small frames and its level told; v-prediction.  Two kinds: "latent"
in the layout of the public ×4 upscaler, "pixel" as the paper's for driving scenes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from torch import Tensor
from torch.nn import functional as F

from studio.engine.device import PROCESSOR, Device, in_half, place_of
from studio.engine.diffusers_calls import to_device
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.upsampler import RESIDUAL_SCALE, resampled
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.subjects.loop import Plan
from studio.lab.training.decoder import as_pictures
from studio.lab.training.frame_pairs import Pairs
from studio.lab.training.trainer import train as learn
from studio.spec.progress import Tick, silent
from studio.spec.request import UPSCALE_FACTOR

CELLS = {"latent": 24, "pixel": 64}
"""Cells of a patch's side: of latents, or pixels."""
WIDTHS = {"latent": (32, 64, 96), "pixel": (16, 32, 64)}
PATCHES = {"latent": 16, "pixel": 8}
"""Patches a step; for the layers over time, the frames of one or two clips."""
MAX_NOISE_LEVEL = 350
"""Of 1000 levels, the most noise on what is enlarged, as in the public upscaler."""
RECONSTRUCTED_PROBABILITY = 0.7
"""How often the small frames come through the video model's autoencoder, as the product's do."""
TEMPORAL_DIFF_WEIGHT = 2.0
"""What errors that change from frame to frame cost, of those that do not."""


@dataclass(frozen=True, slots=True)
class Patches:
    """What a step sees: `target` (N, C, h, w), latents or the detail of pixels, and what is
    enlarged, (N, 3, h', w') in -1..1."""

    target: Tensor
    small: Tensor

    def to(self, place: torch.device) -> "Patches":
        """The same on the device of the network."""
        return Patches(self.target.to(place), self.small.to(place))


def fresh(kind: str, seed: int) -> UNet2DConditionModel:
    """An untrained image network."""
    torch.manual_seed(seed)
    channels = 4 if kind == "latent" else 3
    count = len(WIDTHS[kind])
    return UNet2DConditionModel(
        in_channels=channels + 3,
        out_channels=channels,
        block_out_channels=WIDTHS[kind],
        down_block_types=("DownBlock2D",) * count,
        up_block_types=("UpBlock2D",) * count,
        mid_block_type="UNetMidBlock2D",
        layers_per_block=1,
        norm_num_groups=8,
        cross_attention_dim=8,
        attention_head_dim=8,
        num_class_embeds=1000,
    )


def over_time(image: UNet2DConditionModel, seed: int) -> VideoUNet:
    """The network with fresh layers over time; the image network is frozen."""
    torch.manual_seed(seed)
    config = TemporalConfig(norm_groups=8, attends=False, shared_noise=1.0)
    layers = TemporalLayers(image, config).to(image.device)
    return VideoUNet(image.eval().requires_grad_(False), layers)


def scheduler() -> DDIMScheduler:
    """v-prediction, from no signal at all to none of the noise."""
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=1e-4,
        beta_end=2e-2,
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


def low_scheduler() -> DDPMScheduler:
    """What puts noise on the small frames."""
    return DDPMScheduler(beta_schedule="scaled_linear", beta_start=1e-4, beta_end=2e-2)


def train(
    kind: str, pairs: Pairs, seed: int, steps: tuple[int, int], folder: Path,
    *, device: Device = PROCESSOR, seconds: float | None = None, tick: Tick = silent,
) -> VideoUNet:  # fmt: skip
    """The image network of a kind on single patches, then its layers over time, with so many updates
    each; averaged, frozen.  Checkpoints lie below `folder`."""
    image = to_device(fresh(kind, seed), device.name)
    alone = over_time(image, seed)
    image.requires_grad_(True)
    how = {"seconds": None if seconds is None else seconds / 2, "keep_last": True, "tick": tick}

    def of_pictures(step: int, done: float) -> Tensor:
        return _loss(alone, kind, pairs, np.random.default_rng((seed, step, 14)), 1)

    plan = Plan("upsampler", steps[0], rate=1.5e-3, decay=0.0, checkpoint_seconds=120)
    learn(image, of_pictures, plan, folder / "image", **how)
    net, frames = over_time(image, seed), pairs.large.shape[1]

    def of_clips(step: int, done: float) -> Tensor:
        return _loss(net, kind, pairs, np.random.default_rng((seed, step, 15)), frames)

    plan = Plan("upsampler over time", steps[1], rate=1e-3, decay=0.0, checkpoint_seconds=120)
    learn(net.temporal, of_clips, plan, folder / "time", **how)
    return net


def _loss(net: VideoUNet, kind: str, pairs: Pairs, rng: np.random.Generator, frames: int) -> Tensor:
    part = patches(kind, pairs, rng, max(1, PATCHES[kind] // frames), frames)
    return loss(net, kind, part.to(place_of(net)), rng, frames, image_only=frames == 1)


def patches(kind: str, pairs: Pairs, rng: np.random.Generator, count: int, frames: int) -> Patches:
    """`count` windows of so many frames each, all of one clip or one frame."""
    cells, latent = CELLS[kind], kind == "latent"
    side = cells if latent else cells // UPSCALE_FACTOR
    target, small = [], []
    for _ in range(count):
        clip = int(rng.integers(len(pairs.large)))
        start = int(rng.integers(pairs.large.shape[1] - frames + 1))
        y, x = (int(at) for at in rng.integers(0, pairs.small.shape[2] - side + 1, 2))
        when = slice(start, start + frames)
        source = pairs.kept if rng.random() < RECONSTRUCTED_PROBABILITY else pairs.small
        low = as_pictures(source[clip, when, y : y + side, x : x + side][None])
        if latent:
            high = pairs.latents[clip, when, :, y : y + side, x : x + side].float()
        else:
            where = (
                slice(UPSCALE_FACTOR * y, UPSCALE_FACTOR * y + cells),
                slice(UPSCALE_FACTOR * x, UPSCALE_FACTOR * x + cells),
            )
            high = RESIDUAL_SCALE * (
                as_pictures(pairs.large[clip, when, *where][None]) - resampled(low)
            )
        flip = rng.random() < 0.5 and not latent  # a mirrored latent is no mirrored picture's
        target.append(high.flip(-1) if flip else high)
        small.append(low.flip(-1) if flip else low)
    return Patches(torch.cat(target), torch.cat(small))


def loss(
    net: VideoUNet,
    kind: str,
    part: Patches,
    rng: np.random.Generator,
    frames: int,
    *,
    image_only: bool = False,
) -> Tensor:
    """Squared error of the predicted v, and of its changes from frame to frame; every clip at a
    timestep and a noise level of its own."""
    # annotated as if they took timesteps of one type alone
    schedule: Any = scheduler()
    low: Any = low_scheduler()
    clips = len(part.target) // frames
    t = (np.arange(clips) + rng.random(clips)) / clips * 1000
    place = part.target.device
    t = torch.from_numpy(t.astype(np.int64)).repeat_interleave(frames).to(place)
    level = (
        torch.from_numpy(rng.integers(0, MAX_NOISE_LEVEL, clips))
        .repeat_interleave(frames)
        .to(place)
    )
    noise, blur = (_noise(rng, clips, frames, tensor) for tensor in (part.target, part.small))
    noisy = schedule.add_noise(part.target, noise, t)
    low_res = resized(low.add_noise(part.small, blur, level), (noisy.shape[-2], noisy.shape[-1]))
    text = torch.zeros(clips, 1, 8, device=place)
    with in_half(noisy.device):
        prediction = net(
            torch.cat([noisy, low_res], 1),
            t,
            text,
            frames=frames,
            level=level,
            image_only=image_only,
        )
    error = (prediction.float() - schedule.get_velocity(part.target, noise, t)).unflatten(
        0, (clips, frames)
    )
    changes = error.diff(dim=1).square().mean() if frames > 1 else 0.0
    return error.square().mean() + TEMPORAL_DIFF_WEIGHT * changes


def resized(small: Tensor, size: tuple[int, int]) -> Tensor:
    """Small frames (N, 3, h, w) at the size of what the network works on; (N, 3, H, W)."""
    if small.shape[-2:] == size:
        return small
    return F.interpolate(small, size, mode="bilinear")


def _noise(rng: np.random.Generator, clips: int, frames: int, like: Tensor) -> Tensor:
    """Noise that all frames of a clip share, as they do when clips are made larger: what stands
    still then stands still from the start, and what moves is left to the layers."""
    common = torch.from_numpy(rng.standard_normal((clips, 1, *like.shape[1:]), np.float32))
    return common.expand(-1, frames, -1, -1, -1).flatten(0, 1).to(like.device)
