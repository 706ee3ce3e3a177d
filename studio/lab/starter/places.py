"""Draw the seven places as canvases larger than a picture, on any device, and look at parts of them.

Lengths are in sides of the picture.  A canvas is `MARGIN` sides larger on every side, so that a
camera may pan and zoom over it.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

MARGIN = 0.5


def canvases(place: str, count: int, size: int, generator: torch.Generator) -> Tensor:
    """Still grounds (count, 3, S, S) in 0..1, S being 2 × `size` pixels, `size` a picture's."""
    side = round(size * (1 + 2 * MARGIN))
    drawn = _GROUNDS[place](count, side, size, generator)
    return drawn.clamp(0, 1)


def view(canvas: Tensor, shift: Tensor, zoom: Tensor, size: int) -> Tensor:
    """What a camera sees of canvases (N, 3, S, S): pictures (N, 3, size, size).

    `shift` (N, 2) x, y is where the picture's middle lies, from the canvas's, in sides; `zoom` (N,)
    above 1 comes closer.
    """
    whole = 1 + 2 * MARGIN
    at = (torch.arange(size, device=canvas.device, dtype=torch.float32) + 0.5) / size - 0.5
    x = (at[None, :] / zoom[:, None] + shift[:, :1]) * (2 / whole)
    y = (at[None, :] / zoom[:, None] + shift[:, 1:]) * (2 / whole)
    grid = torch.stack([x[:, None, :].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], -1)
    # in single precision: half has too few digits for where a pixel lies
    return F.grid_sample(
        canvas.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def soft_noise(count: int, side: int, slope: float, period: int, generator) -> Tensor:
    """1/f^slope noise (count, side, side), mean 0 and deviation 1; flat beyond `period` pixels."""
    fy = torch.fft.fftfreq(side)[:, None]
    fx = torch.fft.rfftfreq(side)[None, :]
    scale = 1 / torch.hypot(fy, fx).clamp_min(1 / period) ** slope
    white = _normal((count, side, side), generator)
    field = torch.fft.irfft2(torch.fft.rfft2(white) * scale.to(white.device), s=(side, side))
    return (field - field.mean((1, 2), keepdim=True)) / field.std((1, 2), keepdim=True)


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device)


def _uniform(shape: tuple[int, ...], low: float, high: float, generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)


def _tinted(base: tuple[float, float, float], field: Tensor, by: float) -> Tensor:
    colour = torch.tensor(base, device=field.device)[None, :, None, None]
    return colour * (1 + by * field[:, None])


def _shade(count: int, generator) -> Tensor:
    return _uniform((count, 1, 1, 1), 0.94, 1.06, generator)


def _mottled(base: tuple[float, float, float], slope: float, by: float):
    def draw(count: int, side: int, size: int, generator) -> Tensor:
        noise = soft_noise(count, side, slope, size, generator)
        return _tinted(base, noise, by) * _shade(count, generator)

    return draw


def _sky(count: int, side: int, size: int, generator) -> Tensor:
    down = torch.linspace(0, 1, side, device=generator.device)[None, None, :, None]
    high, low = ((0.42, 0.66, 0.93), (0.68, 0.84, 0.97))
    top, bottom = (torch.tensor(c, device=down.device)[None, :, None, None] for c in (high, low))
    cloud = (soft_noise(count, side, 2.2, size, generator) - 0.7).clamp(0, 1)[:, None] * 0.5
    sky = top * (1 - down) + bottom * down
    return (sky * (1 - cloud) + 0.93 * cloud) * _shade(count, generator)


def _water(count: int, side: int, size: int, generator) -> Tensor:
    y = torch.arange(side, device=generator.device)[None, :, None] / size
    rows = _uniform((count, 1, 1), 5, 7, generator)
    bend = 0.12 * soft_noise(count, side, 2.0, size, generator)
    phase = _uniform((count, 1, 1), 0, 1, generator)
    ripple = torch.sin(2 * torch.pi * (y * rows + phase + bend))
    return _tinted((0.16, 0.55, 0.66), ripple, 0.10) * _shade(count, generator)


def _night(count: int, side: int, size: int, generator, stars: int = 28) -> Tensor:
    sky = _tinted((0.05, 0.06, 0.17), soft_noise(count, side, 2.0, size, generator), 0.15)
    at = (torch.arange(side, device=generator.device) + 0.5) * (64 / size)
    places = _uniform((count, stars, 2), 0, float(at[-1]), generator)
    bright = _uniform((count, stars), 0.5, 0.8, generator)
    for k in range(stars):
        dx = torch.exp(-((at[None] - places[:, k, :1]) ** 2) / 1.8)
        dy = torch.exp(-((at[None] - places[:, k, 1:]) ** 2) / 1.8)
        sky = sky + (dy[:, :, None] * dx[:, None, :] * bright[:, k, None, None])[:, None]
    return sky


def _bricks(count: int, side: int, size: int, generator) -> Tensor:
    row_height, length = 10, 20  # in 64ths of a picture
    pixels = torch.arange(side, device=generator.device) * 64 // size
    offset = torch.randint(0, 10, (count, 2), generator=generator, device=generator.device)
    y, x = pixels[None, :] + offset[:, :1], pixels[None, :] + 2 * offset[:, 1:]
    row = y // row_height
    shifted = x[:, None, :] + (row % 2)[:, :, None] * (length // 2)
    mortar = (y % row_height < 2)[:, :, None] | (shifted % length < 2)
    tones = _uniform((count, 16 * 16), 0.92, 1.06, generator)
    which = (row % 16)[:, :, None] * 16 + (shifted // length) % 16
    tone = tones.gather(1, which.flatten(1)).view(count, 1, side, side)
    wall = torch.tensor((0.60, 0.36, 0.30), device=tone.device)[None, :, None, None] * tone
    joint = torch.tensor((0.70, 0.60, 0.54), device=tone.device)[None, :, None, None]
    return torch.where(mortar[:, None], joint, wall) * _shade(count, generator)


_GROUNDS = {
    "grass": _mottled((0.33, 0.60, 0.25), 1.3, 0.10),
    "sky": _sky,
    "sand": _mottled((0.82, 0.72, 0.52), 1.3, 0.05),
    "water": _water,
    "night sky": _night,
    "snow": _mottled((0.83, 0.88, 0.94), 1.6, 0.03),
    "brick wall": _bricks,
}


def generator(seed: int, device: str | torch.device) -> torch.Generator:
    """Random numbers of a device, from a seed."""
    made = torch.Generator(device)
    made.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
    return made
