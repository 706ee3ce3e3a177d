"""Train the starter's image latent diffusion model on single frames."""

from pathlib import Path

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor
from torch.nn import functional as F

from studio.engine.device import in_half, place_of
from studio.engine.diffusers_calls import config_of
from studio.engine.subjects.loop import Plan
from studio.lab.starter import places, reader
from studio.lab.starter.clips import CAPTIONS_PER_CLIP, Clips
from studio.lab.starter.codec import CELLS, CHANNELS
from studio.lab.training.trainer import scaled_rate
from studio.lab.training.trainer import train as learn
from studio.spec.progress import Tick, silent

WIDTHS = (48, 96, 144)
DROP_PROBABILITY = 0.12
OBJECT_WEIGHT = 4.0
RATE, AT_BATCH, WARMUP = 1e-3, 48, 200


def config(widths: tuple[int, ...] = WIDTHS) -> dict:
    """Attention at 8 × 8 and 4 × 4, one ResBlock a level; every ResBlock is given the whole text."""
    return {
        "sample_size": CELLS,
        "in_channels": CHANNELS,
        "out_channels": CHANNELS,
        "block_out_channels": widths,
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": reader.WIDTH,
        # diffusers' historic name: this is the number of heads
        "attention_head_dim": tuple(max(1, width // 48) for width in widths),
        "norm_num_groups": 8,
        "addition_embed_type": "text",
        "addition_embed_type_num_heads": 4,
        "resnet_time_scale_shift": "scale_shift",
    }


def fresh(seed: int, widths: tuple[int, ...] = WIDTHS) -> UNet2DConditionModel:
    """An untrained UNet."""
    torch.manual_seed(seed)
    return UNet2DConditionModel(**config(widths))


def scheduler() -> DDIMScheduler:
    """v-prediction on a schedule that ends in pure noise, sampled from the trailing end."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,  # says nothing with trailing steps; stock pipelines ask for it
    )


class Schedule:
    """The scheduler's signal and noise levels on a device: no table is moved at every step."""

    def __init__(self, device: torch.device) -> None:
        made = scheduler()
        self.steps = config_of(made).num_train_timesteps
        alphas = made.alphas_cumprod.to(device)
        self.signal, self.noise = alphas.sqrt(), (1 - alphas).sqrt()

    def noisy(self, x0: Tensor, noise: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy latents and their velocity; x0 (B, C, h, w), t (B,)."""
        a, s = (level[t][:, None, None, None] for level in (self.signal, self.noise))
        return a * x0 + s * noise, a * noise - s * x0


def train(
    unet: UNet2DConditionModel,
    clips: Clips,
    seed: int,
    steps: int,
    batch: int,
    folder: Path,
    *,
    seconds: float | None = None,
    tick: Tick = silent,
) -> UNet2DConditionModel:
    """Frames of all clips; returns the averaged network, frozen.

    The object's cells and their neighbours weigh 5 at first and 1 at the end: without the weight
    objects appear late, with it for good they come out oversized.
    """
    device = place_of(unet)
    schedule = Schedule(device)
    rate = scaled_rate(RATE, batch, AT_BATCH)
    plan = Plan("image model", steps, rate=rate, warmup=WARMUP, checkpoint_seconds=120)

    def loss_at(step: int, done: float) -> Tensor:
        generator = places.generator(11_000_000 * (seed + 1) + step, device)
        chosen, frame = (
            torch.randint(high, (batch,), generator=generator, device=device)
            for high in clips.latents.shape[:2]
        )
        x0 = clips.latents[chosen, frame].float()
        near = F.max_pool2d(clips.masks[chosen, frame, None].float(), 3, stride=1, padding=1)
        weight = 1 + OBJECT_WEIGHT * (1 - done) * near
        context = captions(clips, chosen, generator)
        t = timesteps(batch, schedule.steps, generator)
        noise = torch.randn(x0.shape, generator=generator, device=device)
        noisy, target = schedule.noisy(x0, noise, t)
        with in_half(device):
            prediction = unet(noisy, t, context).sample
        return (weight * (prediction.float() - target) ** 2).mean()

    return learn(unet, loss_at, plan, folder, seconds=seconds, tick=tick)


def captions(clips: Clips, chosen: Tensor, generator: torch.Generator) -> Tensor:
    """One caption of each clip (B, L, D), some left out: guidance needs both."""
    which = torch.randint(
        CAPTIONS_PER_CLIP, chosen.shape, generator=generator, device=chosen.device
    )
    text = clips.texts[chosen, which].float()
    dropped = torch.rand(chosen.shape, generator=generator, device=chosen.device) < DROP_PROBABILITY
    return torch.where(dropped[:, None, None], clips.empty.float(), text)


def timesteps(count: int, steps: int, generator: torch.Generator) -> Tensor:
    """Stratified timesteps (count,); those between 0.45 and 0.9 of the way come twice as often.

    There a place can be seen in the noise but no outline yet, so that the words have to say it.
    """
    strata = torch.arange(count, device=generator.device) + torch.rand(
        count, generator=generator, device=generator.device
    )
    u = strata / count * 1.45
    way = torch.where(u < 0.45, u, torch.where(u < 1.35, 0.45 + (u - 0.45) / 2, 0.9 + (u - 1.35)))
    return (way * steps).long().clamp(0, steps - 1)
