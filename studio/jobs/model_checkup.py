"""A checkup of one model: each role tried for moments, and compared with what a healthy model shows.

The limits are wide: they tell networks that learned something from ones whose weights are noise, are
of another layout, or overflow, not good ones from better ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.jobs.checkup import PROMPT, SEED, Check
from studio.jobs.model_cache import ModelCache
from studio.library.models import Model
from studio.spec.card import Card
from studio.spec.progress import Tick
from studio.spec.refusal import Refusal
from studio.spec.sizes import fitting

if TYPE_CHECKING:
    from torch import Tensor

PICTURE = Path(__file__).resolve().parents[2] / "assets" / "samples" / "pip-1.png"
SIDE, SMALL, STEPS, FRAMES = 256, 32, 3, 2
"""Pixels of a side, and of a frame that is made larger; steps of a sampler; frames."""
KEPT, KEPT_LARGER = 18.0, 15.0
"""dB of peak signal to noise: of a picture that went through an autoencoder, and of one that was made
larger and small again."""
SPREAD = (0.2, 4.0)
"""Standard deviation of latents; they are scaled to about one."""
ALIKE = 0.2
"""Correlation of neighbouring latents: noise has none."""


def model_checkup(model: Model, cache: ModelCache, tick: Tick) -> Iterator[Check]:
    """A check for each role that is tried, the roles that no check is for left out."""
    for role, tried in TRIES.items():
        if role not in model.card.roles:
            continue
        try:
            yield tried(model.card, cache.part(model, role, tick), tick)
        except Refusal as refusal:
            yield Check(role, False, str(refusal))


def _keyframes(card: Card, filler: Any, tick: Tick) -> Check:
    """Latents from words: finite, about as spread as they are scaled to be, smooth."""
    import torch

    from studio.engine.roles import FillSpec, Words

    frames = card.window.snapped(FRAMES)
    width, height = _size(card)
    known, how = (False,) * frames, card.defaults
    spec = FillSpec(
        "keyframes", tuple(range(frames)), SEED, STEPS, how.guidance, fps=float(card.fps),
        sampler=how.sampler, options=how.options,
    )  # fmt: skip
    clip = torch.zeros(filler.latents_shape(width, height, frames))
    with filler.prompt(Words(PROMPT), None) as prompt:
        made = filler.fill(clip, known, prompt, spec, tick)
    if not made.isfinite().all():
        return Check("keyframes", False, "values that are no numbers (NaN)")
    spread, alike = float(made.std()), _alike(made)
    healthy = SPREAD[0] <= spread <= SPREAD[1] and alike >= ALIKE
    return Check(
        "keyframes",
        healthy,
        f"latents spread {spread:.2f} ({SPREAD[0]:g} to {SPREAD[1]:g}), neighbours correlate "
        f"{alike:.2f} ({ALIKE:g} or more)",
    )


def _codec(card: Card, codec: Any, tick: Tick) -> Check:
    """A picture to latents and back."""
    frames = _picture(*_size(card)).expand(codec.grid.frames(FRAMES), -1, -1, -1)
    return _judged("codec", frames, codec.decode(codec.encode(frames), tick), KEPT)


def _upscaler(card: Card, upscaler: Any, tick: Tick) -> Check:
    """A picture made larger, and small again by averaging."""
    from torch.nn.functional import avg_pool2d

    from studio.engine.roles import UpscaleSpec
    from studio.engine.tiles import Tiling

    how = card.upsampling
    assert how is not None
    small = _picture(SMALL, SMALL)
    tiling = Tiling(how.tile, how.overlap)
    spec = UpscaleSpec((0,), SEED, min(how.steps, STEPS), how.level, tiling, PROMPT, how.guidance)
    larger = upscaler.upscale(small, spec, tick).permute(0, 3, 1, 2).float()
    again = avg_pool2d(larger, upscaler.factor).permute(0, 2, 3, 1)
    return _judged("upscaler", small, again, KEPT_LARGER)


TRIES: Mapping[str, Callable[[Card, Any, Tick], Check]] = {
    "keyframes": _keyframes,
    "codec": _codec,
    "upscaler": _upscaler,
}


def _judged(role: str, given: Tensor, found: Tensor, least: float) -> Check:
    error = float((given.float() - found.float()).square().mean())
    kept = 99.0 if not error else 10 * math.log10(255**2 / error)
    return Check(role, kept >= least, f"a picture is kept to {kept:.1f} dB ({least:g} or more)")


def _size(card: Card) -> tuple[int, int]:
    width, height = (fitting(min(SIDE, side), card) for side in card.size)
    return width, height


def _picture(width: int, height: int) -> Tensor:
    """One of the sample pictures, uint8 (1, H, W, 3)."""
    import torch

    from studio.engine.fitting import filling
    from studio.media.photo import open_photo

    return filling(torch.from_numpy(open_photo(PICTURE, longest=SIDE).copy())[None], height, width)


def _alike(latents: Tensor) -> float:
    """Correlation of each latent (T, C, h, w) with the one to its right, by channel and frame."""
    centred = latents.float() - latents.float().mean((-2, -1), keepdim=True)
    left, right = centred[..., :-1], centred[..., 1:]
    shared = (left * right).mean((-2, -1))
    whole = (left.square().mean((-2, -1)) * right.square().mean((-2, -1))).sqrt()
    return float((shared / whole.clamp_min(1e-9)).mean())
