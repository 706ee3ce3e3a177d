"""Upsampling ×4: a portion of a clip at a time, in tiles whose predictions are averaged at each step.

Video LDM section 3.4: the small frames show what is far away, so that the upsampler is trained on
patches and applied convolutionally, over portions of eight frames.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.diffusers_calls import config_of, decode_latents
from studio.engine.families.videoldm.upsampler import RESIDUAL_SCALE, Upsampler, resampled
from studio.engine.noise import clip_noise
from studio.engine.roles import UpscaleSpec
from studio.engine.sampling import Denoiser, GuidanceTerm, guided, sample
from studio.engine.tiles import Tile, averaged
from studio.spec.progress import Progress, Tick
from studio.spec.request import UPSCALE_FACTOR

STAGE = "upsample"


@torch.no_grad()
def upsample(
    model: Upsampler, frames: Tensor, spec: UpscaleSpec, tick: Tick, *, only: Tile | None = None
) -> Tensor:
    """Frames uint8 (T, h, w, 3) → uint8 (T, 4 h, 4 w, 3) on the CPU; one tick a tile and step.

    Noise belongs to places and frames, so that tiles and portions that overlap agree about it.
    With `only`, a window of the small frames, nothing else is computed.
    """
    to, size = model.device, frames.shape[1:3]
    small = frames.permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1
    window = only or Tile(0, 0, *size)
    cells = window.times(model.latents_per_pixel)
    low_res = cells.of(_low_res(model, small, spec))
    whole = (model.channels, *(model.latents_per_pixel * side for side in size))
    noise = cells.of(_noise(model, spec, whole, "start"))
    tiles = spec.tiling.tiles(window.height, window.width)
    counter = _Counter(tick, (spec.steps + 1) * len(tiles))
    upscaled = sample(
        _denoiser(model, low_res, spec, counter),
        model.scheduler,
        noise.to(to.name),
        spec.steps,
        lambda _: None,
        stage=STAGE,
    )
    if model.vae is None:
        upscaled = cells.of(resampled(small)) + upscaled.cpu() / RESIDUAL_SCALE
    return _pictures(model, upscaled, spec, counter)


class _Counter:
    """Counts tiles through all steps; their decoding is one step more."""

    def __init__(self, tick: Tick, total: int) -> None:
        self._tick, self._total, self._done = tick, total, 0
        self._report()

    def next(self) -> None:
        self._done += 1
        self._report()

    def _report(self) -> None:
        self._tick(Progress(STAGE, self._done, self._total))

    def finish(self) -> None:
        if self._done < self._total:
            self._done = self._total
            self._report()


def _noise(model: Upsampler, spec: UpscaleSpec, shape: tuple[int, ...], purpose: str) -> Tensor:
    shared = model.net.temporal.config.shared_noise
    return clip_noise(spec.seed, STAGE, spec.frames, shape, shared=shared, purpose=purpose)


def _low_res(model: Upsampler, small: Tensor, spec: UpscaleSpec) -> Tensor:
    """Conditioning: the small frames noised (noise augmentation), at the output's resolution,
    (T, 3, H, W)."""
    noise = _noise(model, spec, tuple(small.shape[1:]), "small")
    low: Any = model.low_scheduler  # annotated as if it took timesteps of one type alone
    noisy = low.add_noise(small, noise, torch.tensor([spec.level]))
    noisy = noisy.to(model.device.name, model.device.dtype)
    if model.latents_per_pixel == 1:
        return noisy
    return F.interpolate(noisy, scale_factor=model.latents_per_pixel, mode="bilinear")


def _denoiser(model: Upsampler, low_res: Tensor, spec: UpscaleSpec, counter: _Counter) -> Denoiser:
    tiling = spec.tiling.times(model.latents_per_pixel)
    size = (low_res.shape[-2], low_res.shape[-1])
    tiles = tiling.tiles(*size)
    level = torch.full((len(low_res),), spec.level, device=low_res.device)
    image_only = not model.net.temporal.blocks

    def conditioned(text: Tensor, count: Callable[[], None]) -> Denoiser:
        def denoise(x: Tensor, t: float) -> Tensor:
            stacked = torch.cat([x.to(low_res.dtype), low_res], 1)

            def predict(tile: Tile) -> Tensor:
                part = tile.of(stacked).contiguous()
                at = torch.full((len(part),), t, device=part.device)
                count()
                net = model.net
                return net(
                    part, at, text, frames=len(part), level=level, image_only=image_only
                ).float()

            return averaged(predict, tiles, size, tiling.overlap)

        return denoise

    uncond = conditioned(model.encode_text(""), lambda: None)
    cond = conditioned(model.encode_text(spec.prompt), counter.next)
    return guided(cond, GuidanceTerm(uncond, spec.guidance))


def _pictures(model: Upsampler, upscaled: Tensor, spec: UpscaleSpec, counter: _Counter) -> Tensor:
    """Sampled latents or pixels (T, C, H, W) as uint8 frames on the CPU."""
    if model.vae is not None:
        vae, tiling = model.vae, spec.tiling.times(model.latents_per_pixel)
        latents = upscaled.to(vae.device, vae.dtype) / config_of(vae).scaling_factor

        def decoded(tile: Tile) -> Tensor:
            counter.next()
            frames = tile.of(latents).split(1)
            return torch.cat([decode_latents(vae, frame).float().cpu() for frame in frames])

        grow = UPSCALE_FACTOR // model.latents_per_pixel
        tiles = tiling.tiles(*latents.shape[-2:])
        parts = {tile.times(grow): decoded(tile) for tile in tiles}
        size = (latents.shape[-2] * grow, latents.shape[-1] * grow)
        upscaled = averaged(parts.__getitem__, list(parts), size, tiling.overlap * grow)
    counter.finish()
    return (
        upscaled.cpu().permute(0, 2, 3, 1).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    )
