"""Train the starter's image latent diffusion model on single frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor
from torch.nn import functional as F

from studio.engine.device import in_half
from studio.engine.subjects.loop import Plan, fit
from studio.lab.drawing import scenes
from studio.lab.drawing.grammar import Meaning
from studio.lab.training import text
from studio.lab.training.latents import Clips
from studio.spec.progress import Tick, silent

BATCH = 48
SAYINGS = 4
"""Captions that are made up for each clip, in other words each time."""
DROP_CAPTION = 0.12
OBJECT_WEIGHT = 4.0
CORNERED = ("square", "star")
"""Shapes shown twice as often: their corners are what the network learns last."""


def config(widths: tuple[int, ...] = (32, 64, 128)) -> dict:
    """The starter's UNet: attention at 8×8 and 4×4, heads 32 wide, one ResBlock a level.

    Every ResBlock is told the whole text beside the timestep: with attention at 8×8 alone the
    16×16 level, where an outline is drawn, hears of shapes late.
    """
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
        # 8 or 4 channels a group: groups of one or two lose what a channel's mean says
        "norm_num_groups": 8,
        "addition_embed_type": "text",
        "addition_embed_type_num_heads": 4,
        "resnet_time_scale_shift": "scale_shift",
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


def fresh(seed: int, widths: tuple[int, ...] = (32, 64, 128)) -> UNet2DConditionModel:
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
    rate: float = 1e-3,
    tick: Tick = silent,
) -> UNet2DConditionModel:
    """Frames drawn from all clips, the CORNERED twice; returns the averaged network, frozen.

    The object's cells and their neighbours weigh 5 at first and 1 at the end: without the weight
    objects appear late, with it for good they come out oversized.
    """
    schedule = scheduler()
    plan = Plan("image model", steps, rate=rate, warmup=min(200, steps // 10 + 1))
    sayings, drawn = say(words, encoder, several(clips.meanings), seed), shown(clips)

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, step, 4))
        chosen, frame = rng.choice(drawn, size=BATCH), rng.integers(8, size=BATCH)
        x0 = clips.latents[chosen, frame].float()
        near = surroundings(clips.masks[chosen, frame, None].float())
        weight = 1 + OBJECT_WEIGHT * (1 - step / steps) * near
        context = sayings.pick(rng, chosen, dropped(rng, BATCH))
        x0, context, weight = (part.to(unet.device) for part in (x0, context, weight))
        return v_loss(unet, schedule, x0, context, rng, weight)

    average = fit(unet, loss_at, plan, folder, tick=tick)
    unet.load_state_dict(average)
    return unet.eval().requires_grad_(False)


@dataclass(frozen=True, slots=True)
class Sayings:
    """Encoded captions: `told` (N, SAYINGS, L, D) fp16, some for each clip; `empty` (L, D)."""

    told: Tensor
    empty: Tensor

    def pick(self, rng: np.random.Generator, chosen: np.ndarray, empty: Tensor) -> Tensor:
        """One caption for each of the chosen clips, (B, L, D); those marked `empty` (B,) say
        nothing."""
        said = self.told[chosen, rng.integers(self.told.shape[1], size=len(chosen))].float()
        said[empty] = self.empty
        return said


def dropped(rng: np.random.Generator, count: int) -> Tensor:
    """Which of `count` captions are left out in a step, bool (count,): guidance needs both."""
    return torch.from_numpy(rng.random(count) < DROP_CAPTION)


def several(meanings: Sequence[Meaning]) -> list[Meaning]:
    """Each meaning as often as it is put into words."""
    return [meaning for meaning in meanings for _ in range(SAYINGS)]


def say(words, encoder, meanings: Sequence[Meaning], seed: int) -> Sayings:
    """Encode captions, SAYINGS to a clip, once: in every step it would take a tenth of the time."""
    rng = np.random.default_rng((seed, 6))
    parts = [meanings[k : k + 64] for k in range(0, len(meanings), 64)]
    told = [encode(words, encoder, captions(rng, part)).half() for part in parts]
    told = torch.cat(told).unflatten(0, (-1, SAYINGS))
    return Sayings(told, encode(words, encoder, [""])[0])


def captions(rng: np.random.Generator, meanings: Sequence[Meaning]) -> list[str]:
    """Fresh words for each meaning, at times with a word that means nothing."""
    return [text.distracted(rng, scenes.random_caption(rng, meaning)) for meaning in meanings]


@torch.no_grad()
def encode(words, encoder, said: list[str]) -> Tensor:
    """Captions to token embeddings (B, 24, 128), on the CPU."""
    with in_half(encoder.device):
        found = encoder(text.ids(words, said).to(encoder.device)).last_hidden_state
    return found.float().cpu()


def shown(clips: Clips) -> np.ndarray:
    """The numbers of the clips to draw from, those of CORNERED shapes twice."""
    often = [1 + (meaning.shape in CORNERED) for meaning in clips.meanings]
    return np.repeat(np.arange(len(often)), often)


def surroundings(masks: Tensor) -> Tensor:
    """Masks (B, 1, h, w) grown by a cell: an outline is drawn as much by what lies around it."""
    return F.max_pool2d(masks, 3, stride=1, padding=1)


def timesteps(rng: np.random.Generator, count: int, steps: int) -> Tensor:
    """Stratified timesteps (count,); those between 0.45 and 0.9 of the way come twice as often.

    There a place can be seen in the noise but no outline yet, so that the words have to say it.
    """
    strata = (np.arange(count) + rng.random(count)) / count
    way = np.interp(strata, np.asarray((0, 0.45, 1.35, 1.45)) / 1.45, (0, 0.45, 0.9, 1))
    return torch.from_numpy((way * steps).astype(np.int64).clip(max=steps - 1))


def v_loss(net, schedule, x0: Tensor, context: Tensor, rng, weight: Tensor) -> Tensor:
    """Weighted squared error of v at stratified random timesteps; x0 (B, C, h, w)."""
    t = timesteps(rng, len(x0), schedule.config.num_train_timesteps).to(x0.device)
    noise = torch.from_numpy(rng.standard_normal(x0.shape, np.float32)).to(x0.device)
    noisy = schedule.add_noise(x0, noise, t)
    target = schedule.get_velocity(x0, noise, t)
    with in_half(x0.device):
        guess = net(noisy, t, context).sample
    return (weight * (guess.float() - target) ** 2).mean()
