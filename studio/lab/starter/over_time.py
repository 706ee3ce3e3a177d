"""Train temporal layers on clips, with everything spatial frozen: keyframes from words."""

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from studio.engine.device import in_half, place_of
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.subjects.loop import Plan
from studio.lab.starter import places
from studio.lab.starter.clips import CAPTIONS_PER_CLIP, Clips
from studio.lab.starter.image import DROP_PROBABILITY, OBJECT_WEIGHT, Schedule
from studio.lab.training.trainer import scaled_rate
from studio.lab.training.trainer import train as learn
from studio.spec.progress import Tick, silent

REACH = 7
"""Frames on either side: as far as the trained clips go, so that longer ones meet nothing new."""
GATE_START, GATE_END = 0.6, 0.9
"""The temporal gate, in shares of the noise schedule.  At low noise these layers, which see fewer
clips, would round off corners that the image network has learned from far more pictures."""
MIN_SHARED_NOISE = 0.9
"""In training the shared part of mixed noise (PYoCo) is drawn for every clip, from here to 1: with
one share alone the layers read the motion off the differences of frames."""
LAYOUT_LEVEL = 0.65
"""Below this noise level the layout is settled, so that the object's weight does not swell it."""
TEMPORAL_DIFF_WEIGHT = 1.0
"""Weight of the temporal difference loss: errors of the ground that change from frame to frame are
flicker."""
TIME_ASPECT_DROPOUT, ASPECT_DROPOUT = 0.3, 0.2
"""Caption dropout of looks: for the temporal layers alone (a subject's are in the image network),
and for both networks."""
MAX_START_POSITION = 64
"""Positions start anywhere below this in training: only their differences may matter."""
CONDITIONING = ("pyramid", "zero_convs", "pass_embed", "estimate_zero_convs", "motion_compensation")
"""Parts that are trained with known frames, not with keyframes."""
RATE, AT_BATCH = 8e-4, 8


def config() -> TemporalConfig:
    """How the starter's temporal layers are built."""
    return TemporalConfig(
        reach=REACH,
        norm_groups=8,
        shared_noise=1.0,
        gate_start=GATE_START,
        gate_end=GATE_END,
        condition_width=32,
        words=True,
        motion_prior=64,
        motion_compensation=True,
        passes=True,
    )


def fresh(image: UNet2DConditionModel, seed: int) -> VideoUNet:
    """The image network with untrained temporal layers: at first its exact equal."""
    torch.manual_seed(seed)
    net = VideoUNet(image, TemporalLayers(image, config()))
    net.to(image.device).image.requires_grad_(False)
    return net


def train(
    net: VideoUNet, clips: Clips, seed: int, steps: int, batch: int, folder: Path,
    *, seconds: float | None = None, tick: Tick = silent,
) -> TemporalLayers:  # fmt: skip
    """All frames are holes.  Returns the averaged layers, frozen."""
    device = place_of(net)
    schedule, config = Schedule(device), net.temporal.config
    rate = scaled_rate(RATE, batch, AT_BATCH)
    plan = Plan("temporal layers", steps, rate=rate, checkpoint_seconds=120)
    for name, parameter in net.temporal.named_parameters():
        parameter.requires_grad_(not name.startswith(CONDITIONING))

    def loss_at(step: int, done: float) -> Tensor:
        generator = places.generator(13_000_000 * (seed + 1) + step, device)
        chosen = torch.randint(len(clips), (batch,), generator=generator, device=device)
        x0 = clips.latents[chosen].float()
        frames = x0.shape[1]
        t = timesteps(batch, schedule.steps, generator, done=done)
        texts = captions(clips, chosen, generator)
        noise = mixed_noise(x0, generator)
        each = t.repeat_interleave(frames)
        noisy, target = schedule.noisy(x0.flatten(0, 1), noise.flatten(0, 1), each)
        first = torch.randint(MAX_START_POSITION, (batch, 1), generator=generator, device=device)
        with in_half(device):
            prediction = net(
                noisy,
                each,
                *texts,
                frames=frames,
                positions=first + torch.arange(frames, device=device),
                temporal_gate=config.temporal_gate(each / schedule.steps),
            )
        error = (prediction.float() - target).unflatten(0, (batch, frames))
        settled = t < LAYOUT_LEVEL * schedule.steps
        heavy = OBJECT_WEIGHT * torch.where(settled, 1.0, 1 - done)
        return cost(error, grown(clips.masks[chosen].float())[:, :, None], heavy)

    return learn(net, loss_at, plan, folder, seconds=seconds, tick=tick).temporal


def grown(masks: Tensor) -> Tensor:
    """Masks (B, T, h, w) grown by a cell."""
    return torch.nn.functional.max_pool2d(masks, 3, stride=1, padding=1)


def cost(error: Tensor, near: Tensor, heavy: Tensor) -> Tensor:
    """Mean squared error (B, T, C, h, w), weighted by 1 + `heavy` (B,) near the object, plus the
    temporal difference loss of the ground."""
    ground = 1 - torch.maximum(near[:, 1:], near[:, :-1])
    temporal_diff = (ground * error.diff(dim=1).square()).mean()
    weight = 1 + heavy[:, None, None, None, None] * near
    return (weight * error.square()).mean() + TEMPORAL_DIFF_WEIGHT * temporal_diff


def captions(clips: Clips, chosen: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Encoded captions (B, L, D) for the image network and for the temporal layers, with dropout."""
    device, count = chosen.device, len(chosen)
    which = torch.randint(CAPTIONS_PER_CLIP, (count,), generator=generator, device=device)
    odds = torch.rand((3, count, 1, 1), generator=generator, device=device)
    named, vague = clips.texts[chosen, which].float(), clips.vague[chosen, which].float()
    text = torch.where(odds[0] < ASPECT_DROPOUT, vague, named)
    time_text = torch.where(odds[1] < TIME_ASPECT_DROPOUT, vague, text)
    dropped = odds[2] < DROP_PROBABILITY
    empty = clips.empty.float()
    return torch.where(dropped, empty, text), torch.where(dropped, empty, time_text)


def mixed_noise(like: Tensor, generator: torch.Generator) -> Tensor:
    """Mixed noise (PYoCo): standard normal (B, T, C, h, w), most of its variance shared by a clip."""
    device, (count, _, *rest) = like.device, like.shape
    common = torch.randn((count, 1, *rest), generator=generator, device=device)
    own = torch.randn(like.shape, generator=generator, device=device)
    share = torch.rand((count, 1, 1, 1, 1), generator=generator, device=device)
    share = MIN_SHARED_NOISE + (1 - MIN_SHARED_NOISE) * share
    return share.sqrt() * common + (1 - share).sqrt() * own


def timesteps(count: int, steps: int, generator: torch.Generator, *, done: float) -> Tensor:
    """Stratified timesteps (count,), at first nearly half of them in the last tenth, of highest noise.

    The direction of a motion is settled there.  As the training goes on (`done`, 0..1) more of them
    lie where outlines follow the motion.
    """
    device = generator.device
    strata = torch.arange(count, device=device) + torch.rand(
        count, generator=generator, device=device
    )
    u, knee = strata / count, 0.55 + 0.2 * done
    way = torch.where(
        u < 0.2,
        u / 0.2 * GATE_START,
        torch.where(
            u < knee,
            GATE_START + (u - 0.2) / (knee - 0.2) * (0.9 - GATE_START),
            0.9 + (u - knee) / (1 - knee) * 0.1,
        ),
    )
    return (way * steps).long().clamp(0, steps - 1)
