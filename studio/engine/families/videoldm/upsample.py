"""Frames to larger frames: a portion of a clip at a time, in tiles whose predictions are mixed.

Video LDM section 3.4: the small frames tell what is far away, so that the upsampler is taught on
patches and applied convolutionally, over portions of eight frames.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.families.videoldm.upsampler import DETAIL, Upsampler, resampled
from studio.engine.noise import clip_noise
from studio.engine.roles import UpscaleSpec
from studio.engine.sampling import Denoiser, GuidanceTerm, guided, sample
from studio.engine.tiles import Tile, mixed
from studio.spec.progress import Progress, Tick
from studio.spec.request import UPSAMPLED

STAGE = "upsample"


@torch.no_grad()
def upsample(
    model: Upsampler, frames: Tensor, spec: UpscaleSpec, tick: Tick, *, only: Tile | None = None
) -> Tensor:
    """Frames uint8 (T, h, w, 3) → uint8 (T, 4 h, 4 w, 3) on the CPU; one tick a tile and step.

    Noise belongs to places and frames, so that tiles and portions that overlap agree about it.
    With `only`, a window of the small frames, that alone is made.
    """
    to, size = model.device, frames.shape[1:3]
    small = frames.permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1
    window = only or Tile(0, 0, *size)
    cells = window.times(model.cells)
    beside = cells.of(_beside(model, small, spec))
    whole = (model.channels, *(model.cells * side for side in size))
    noise = cells.of(_noise(model, spec, whole, "start"))
    tiles = spec.tiling.tiles(window.height, window.width)
    counter = _Counter(tick, (spec.steps + 1) * len(tiles))
    made = sample(
        _denoiser(model, beside, spec, counter),
        model.scheduler,
        noise.to(to.name),
        spec.steps,
        lambda _: None,
        stage=STAGE,
    )
    if model.vae is None:
        made = cells.of(resampled(small)) + made.cpu() / DETAIL
    return _pictures(model, made, spec, counter)


class _Counter:
    """Counts tiles through all steps, and their turning into pictures as one step more."""

    def __init__(self, tick: Tick, total: int) -> None:
        self._tick, self._total, self._done = tick, total, 0
        self._say()

    def next(self) -> None:
        self._done += 1
        self._say()

    def _say(self) -> None:
        self._tick(Progress(STAGE, self._done, self._total))

    def finish(self) -> None:
        if self._done < self._total:
            self._done = self._total
            self._say()


def _noise(model: Upsampler, spec: UpscaleSpec, shape: tuple[int, ...], purpose: str) -> Tensor:
    shared = model.net.temporal.config.shared_noise
    return clip_noise(spec.seed, STAGE, spec.frames, shape, shared=shared, purpose=purpose)


def _beside(model: Upsampler, small: Tensor, spec: UpscaleSpec) -> Tensor:
    """The small frames with noise on them, as large as what is made, (T, 3, H, W)."""
    noise = _noise(model, spec, tuple(small.shape[1:]), "small")
    seen = model.low_scheduler.add_noise(small, noise, torch.tensor([spec.level]))
    seen = seen.to(model.device.name, model.device.dtype)
    if model.cells == 1:
        return seen
    return F.interpolate(seen, scale_factor=model.cells, mode="bilinear")


def _denoiser(model: Upsampler, beside: Tensor, spec: UpscaleSpec, counter: _Counter) -> Denoiser:
    tiling = spec.tiling.times(model.cells)
    size = (beside.shape[-2], beside.shape[-1])
    tiles = tiling.tiles(*size)
    level = torch.full((len(beside),), spec.level, device=beside.device)

    def told(words: Tensor, heard: Callable[[], None]) -> Denoiser:
        def denoise(x: Tensor, t: float) -> Tensor:
            seen = torch.cat([x.to(beside.dtype), beside], 1)

            def of_tile(tile: Tile) -> Tensor:
                part = tile.of(seen).contiguous()
                at = torch.full((len(part),), t, device=part.device)
                heard()
                return model.net(part, at, words, frames=len(part), level=level).float()

            return mixed(of_tile, tiles, size, tiling.overlap)

        return denoise

    without = GuidanceTerm(told(model.words(""), lambda: None), spec.guidance)
    return guided(told(model.words(spec.prompt), counter.next), without)


def _pictures(model: Upsampler, made: Tensor, spec: UpscaleSpec, counter: _Counter) -> Tensor:
    """What was made, (T, C, H, W), as uint8 frames on the CPU."""
    if model.vae is not None:
        vae, tiling = model.vae, spec.tiling.times(model.cells)
        latents = made.to(vae.device, vae.dtype) / vae.config.scaling_factor

        def decoded(tile: Tile) -> Tensor:
            counter.next()
            frames = tile.of(latents).split(1)
            return torch.cat([vae.decode(frame).sample.float().cpu() for frame in frames])

        grow = UPSAMPLED // model.cells
        tiles = tiling.tiles(*latents.shape[-2:])
        parts = {tile.times(grow): decoded(tile) for tile in tiles}
        size = (latents.shape[-2] * grow, latents.shape[-1] * grow)
        made = mixed(parts.__getitem__, list(parts), size, tiling.overlap * grow)
    counter.finish()
    return made.cpu().permute(0, 2, 3, 1).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
