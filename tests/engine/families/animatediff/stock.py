"""diffusers' own AnimateDiff pipeline of the tiny networks, and how far two clips are apart."""

from dataclasses import replace

import torch
from diffusers import AnimateDiffPipeline

from studio.engine.noise import clip_noise
from studio.engine.roles import FillSpec, Words
from tests.engine.families.animatediff import tiny

WORDS = Words("a red ball", "blurry")
FRAMES = 4


def spec(frames: int = FRAMES, **changes) -> FillSpec:
    return replace(FillSpec("keyframes", tuple(range(frames)), 7, 2, 2.0), **changes)


def pipeline(model, version: str = "v3", kind=AnimateDiffPipeline, **more):
    """diffusers' own, with what the folder was made of."""
    backbone = model.backbone
    backbone.tokenizer.model_max_length = 16
    stock = kind(
        vae=backbone.vae,
        text_encoder=backbone.text_encoder,
        tokenizer=backbone.tokenizer,
        unet=tiny.unet(),
        motion_adapter=tiny.motion(version),
        scheduler=backbone.scheduler,
        **more,
    )
    stock.set_progress_bar_config(disable=True)
    return stock


def stock_latents(stock, frames: int = FRAMES, **more) -> torch.Tensor:
    start = clip_noise(7, "keyframes", tuple(range(frames)), (4, 4, 4))
    made = stock(
        WORDS.prompt,
        negative_prompt=WORDS.negative,
        num_frames=frames,
        height=tiny.SIDE,
        width=tiny.SIDE,
        num_inference_steps=2,
        guidance_scale=2.0,
        latents=start.transpose(0, 1)[None],
        output_type="latent",
        **more,
    )
    return made.frames[0].transpose(0, 1)


def away(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference, of the standard deviation of what is compared."""
    return float((one - other).abs().max() / other.std())
