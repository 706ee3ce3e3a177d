"""Teach the decoder time, and an upsampler of pixels: what comes after the latents."""

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from studio.engine.device import place_of
from studio.engine.families.videoldm.decoder import DecoderLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.subjects.loop import Plan
from studio.lab.starter import codec, footage
from studio.lab.starter.animation import Stage
from studio.lab.starter.training import fit
from studio.lab.training import decoder, upsampler
from studio.lab.training.adversary import Critic
from studio.lab.training.decoder import seen
from studio.lab.training.enlarged import Pairs, as_bytes, shrunk
from studio.spec.progress import Progress, Tick, silent
from studio.spec.request import UPSAMPLED

KIND = "pixel"
"""The upsampler makes the pixels' detail, not latents: at this size it is the better one."""
WINDOW = 192
"""Pixels of the window that is kept of each large clip."""


def train_decoder(
    vae: AutoencoderKL, clips: Tensor, seed: int, steps: int, folder: Path,
    *, seconds: float | None = None, tick: Tick = silent,
) -> DecoderLayers:  # fmt: skip
    """Layers over time for the decoder, from footage uint8 (N, T, H, W, 3); averaged, frozen."""
    layers = decoder.fresh(vae, seed)
    net = nn.ModuleDict({"layers": layers})
    net["critics"] = nn.ModuleDict({"clips": Critic(over_time=True)})
    net.to(vae.device)
    plan = Plan("temporal decoder", steps, rate=3e-4, decay=0.0, checkpoint_seconds=120)

    def loss_at(step: int, done: float) -> Tensor:
        rng = np.random.default_rng((seed, step, 12))
        chosen = torch.from_numpy(rng.integers(len(clips), size=decoder.CLIPS)).to(clips.device)
        shown = clips[chosen].to(vae.device)
        shown = shown.flip(3) if rng.random() < 0.5 else shown
        return decoder.loss(vae, net, shown, rng, listening=done >= decoder.UNHEARD)

    net.load_state_dict(fit(net, loss_at, plan, folder, seconds=seconds, tick=tick))
    return layers.eval().requires_grad_(False)


@torch.no_grad()
def pairs(large: Stage, vae: AutoencoderKL, seed: int, count: int, *, tick: Tick = silent) -> Pairs:
    """Windows of clips at the upsampler's size, small ones of them, and these as the autoencoder
    gives them back."""
    found: dict[str, list[Tensor]] = {"large": [], "small": [], "kept": []}
    small_side, side = large.size // UPSAMPLED, WINDOW // UPSAMPLED
    for index in range(count):
        rng = np.random.default_rng((seed, index, 13))
        whole = footage.footage(large, seed * 100_003 + index, 1, portion=1)[0]
        small = shrunk(whole)
        back = vae.decode(vae.encode(seen(small[None])).latent_dist.mean).sample
        y, x = (int(at) for at in rng.integers(0, small_side - side + 1, 2))
        cut = slice(y, y + side), slice(x, x + side)
        found["small"].append(small[:, *cut].clone())
        found["kept"].append(as_bytes(back)[:, *cut].clone())
        top, left = UPSAMPLED * y, UPSAMPLED * x
        found["large"].append(whole[:, top : top + WINDOW, left : left + WINDOW].clone())
        tick(Progress("drawing large footage", index + 1, count))
    made = {name: torch.stack(parts) for name, parts in found.items()}
    return Pairs(**made, latents=torch.empty(0))


def train_upsampler(
    shown: Pairs, seed: int, steps: tuple[int, int], folder: Path,
    *, seconds: float | None = None, tick: Tick = silent,
) -> VideoUNet:  # fmt: skip
    """Its image network on single patches, then its layers over time; averaged, frozen."""
    image = upsampler.fresh(KIND, seed).to(shown.large.device)
    shut = upsampler.over_time(image, seed)
    image.requires_grad_(True)
    half = None if seconds is None else seconds / 2
    plan = Plan("upsampler", steps[0], rate=1.5e-3, decay=0.0, checkpoint_seconds=120)

    def of_pictures(step: int, done: float) -> Tensor:
        return _loss(shut, shown, np.random.default_rng((seed, step, 14)), 1)

    image.load_state_dict(fit(image, of_pictures, plan, folder / "image", seconds=half, tick=tick))
    net = upsampler.over_time(image, seed)
    frames = shown.large.shape[1]
    plan = Plan("upsampler over time", steps[1], rate=1e-3, decay=0.0, checkpoint_seconds=120)

    def of_clips(step: int, done: float) -> Tensor:
        return _loss(net, shown, np.random.default_rng((seed, step, 15)), frames)

    average = fit(net.temporal, of_clips, plan, folder / "time", seconds=half, tick=tick)
    net.temporal.load_state_dict(average)
    return net.eval().requires_grad_(False)


def _loss(net: VideoUNet, shown: Pairs, rng: np.random.Generator, frames: int) -> Tensor:
    count = max(1, upsampler.PATCHES[KIND] // frames)
    part = upsampler.patches(KIND, shown, rng, count, frames).to(place_of(net))
    return upsampler.loss(net, KIND, part, rng, frames, shut=frames == 1)


def large_stage(cast, grounds: int, seed: int, device: str) -> Stage:
    """A stage four times as large as what the video model makes."""
    return Stage.make(cast, grounds, UPSAMPLED * codec.SIZE, seed + 1, device)
