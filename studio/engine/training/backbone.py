"""Train the starter's image latent diffusion model on single frames."""

from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor

from studio.engine.training import scenes, text
from studio.engine.training.latents import Clips
from studio.engine.training.loop import Plan, fit
from studio.spec.progress import Tick, silent

BATCH = 32
DROP_CAPTION = 0.12
OBJECT_WEIGHT = 4.0


def config(widths: tuple[int, ...] = (64, 128, 192)) -> dict:
    """The starter's UNet: attention at 8×8 and 4×4, heads 32 wide, one ResBlock a level."""
    return {
        "sample_size": 16,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": widths,
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": text.WIDTH,
        # diffusers' historic name: this is the number of heads
        "attention_head_dim": tuple(w // 32 for w in widths),
        "norm_num_groups": 32,
    }


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


def fresh(seed: int, widths: tuple[int, ...] = (64, 128, 192)) -> UNet2DConditionModel:
    """An untrained UNet; attention by plain matrix products, the fastest at 64 tokens on a CPU."""
    torch.manual_seed(seed)
    unet = UNet2DConditionModel(**config(widths))
    unet.set_attn_processor(AttnProcessor())
    return unet


def train(
    unet: UNet2DConditionModel,
    words,
    encoder,
    clips: Clips,
    seed: int,
    steps: int,
    folder: Path,
    *,
    rate: float = 6e-4,
    tick: Tick = silent,
) -> UNet2DConditionModel:
    """Frames drawn from all clips alike; returns the averaged network, frozen.

    The object's cells weigh 1 + 4·m at first and 1 at the end: without the weight objects appear
    late, with it for good they come out oversized.
    """
    schedule = scheduler()
    plan = Plan("image model", steps, rate=rate, warmup=min(200, steps // 10 + 1))

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, step, 4))
        chosen, frame = rng.integers(len(clips.meanings), size=BATCH), rng.integers(8, size=BATCH)
        x0 = clips.latents[chosen, frame].float()
        weight = 1 + OBJECT_WEIGHT * (1 - step / steps) * clips.masks[chosen, frame, None].float()
        context = encode(words, encoder, captions(rng, clips, chosen))
        return v_loss(unet, schedule, x0, context, rng, weight)

    average = fit(unet, loss_at, plan, folder, tick=tick)
    unet.load_state_dict(average)
    return unet.eval().requires_grad_(False)


def captions(rng: np.random.Generator, clips: Clips, chosen: np.ndarray) -> list[str]:
    """Fresh words for the chosen clips; some empty, for classifier-free guidance."""
    said = [text.distracted(rng, scenes.random_caption(rng, clips.meanings[i])) for i in chosen]
    return ["" if rng.random() < DROP_CAPTION else s for s in said]


@torch.no_grad()
def encode(words, encoder, said: list[str]) -> Tensor:
    """Captions to token embeddings (B, 24, 128)."""
    return encoder(text.ids(words, said)).last_hidden_state


def v_loss(net, schedule, x0: Tensor, context: Tensor, rng, weight: Tensor) -> Tensor:
    """Weighted squared error of v at stratified random timesteps; x0 (B, C, h, w)."""
    count = len(x0)
    strata = (np.arange(count) + rng.random(count)) / count
    t = torch.from_numpy((strata * schedule.config.num_train_timesteps).astype(np.int64))
    noise = torch.from_numpy(rng.standard_normal(x0.shape, np.float32))
    noisy = schedule.add_noise(x0, noise, t)
    target = schedule.get_velocity(x0, noise, t)
    with torch.autocast("cpu", torch.bfloat16, enabled=x0.device.type == "cpu"):
        guess = net(noisy, t, context).sample
    return (weight * (guess.float() - target) ** 2).mean()
