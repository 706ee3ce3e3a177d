"""Image upscalers as they are shared, narrow and random: names and order of their tensors are those of
ESRGAN's first release, of Real-ESRGAN's and of its compact network."""

from math import prod
from pathlib import Path

import torch
from safetensors.torch import save_file

WIDTH, GROWTH, BLOCKS = 8, 32, 2
"""Features, those that each convolution of a block adds (spandrel knows no other), and blocks."""
Shapes = dict[str, tuple[int, ...]]


def real_esrgan(doublings: int = 2, read: int = 3) -> Shapes:
    """`RealESRGAN_x4plus`; ×2 reads 12 channels, pixels of two rows and columns."""
    found = _conv("conv_first", read, WIDTH) | _conv("conv_body", WIDTH, WIDTH)
    for block in range(BLOCKS):
        found |= _dense(f"body.{block}.rdb", "")
    for up in range(doublings):
        found |= _conv(f"conv_up{up + 1}", WIDTH, WIDTH)
    return found | _conv("conv_hr", WIDTH, WIDTH) | _conv("conv_last", WIDTH, 3)


def first_esrgan(doublings: int = 2) -> Shapes:
    """`RRDB_ESRGAN_x4` and `4x-UltraSharp`: one row of layers by their numbers."""
    found = _conv("model.0", 3, WIDTH) | _conv(f"model.1.sub.{BLOCKS}", WIDTH, WIDTH)
    for block in range(BLOCKS):
        found |= _dense(f"model.1.sub.{block}.RDB", ".0")
    for up in range(doublings):
        found |= _conv(f"model.{3 * up + 3}", WIDTH, WIDTH)
    last = 3 * doublings + 4
    return found | _conv(f"model.{last - 2}", WIDTH, WIDTH) | _conv(f"model.{last}", WIDTH, 3)


def compact(scale: int = 4) -> Shapes:
    """`realesr-general-x4v3`: convolutions and what is between them, by turns."""
    found = _conv("body.0", 3, WIDTH) | {"body.1.weight": (WIDTH,)}
    for layer in (2, 4):
        found |= _conv(f"body.{layer}", WIDTH, WIDTH) | {f"body.{layer + 1}.weight": (WIDTH,)}
    return found | _conv("body.6", WIDTH, 3 * scale**2)


def write(path: Path, shapes: Shapes, seed: int = 1) -> Path:
    """Such a file, of numbers that keep a picture's values in sight."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {
        name: torch.randn(shape, generator=generator) * (0.8 / prod(shape[1:]) ** 0.5)
        for name, shape in shapes.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return path


def _dense(name: str, inner: str) -> Shapes:
    """Three dense blocks of five convolutions."""
    found: Shapes = {}
    for block in (1, 2, 3):
        for layer in range(1, 6):
            read, made = WIDTH + (layer - 1) * GROWTH, GROWTH if layer < 5 else WIDTH
            found |= _conv(f"{name}{block}.conv{layer}{inner}", read, made)
    return found


def _conv(name: str, read: int, made: int) -> Shapes:
    return {f"{name}.weight": (made, read, 3, 3), f"{name}.bias": (made,)}


LAYOUTS = {
    "RealESRGAN_x4plus": (real_esrgan(), 4),
    "RealESRGAN_x2plus": (real_esrgan(2, 12), 2),
    "4x-UltraSharp": (first_esrgan(), 4),
    "8x_first": (first_esrgan(3), 8),
    "realesr-general-x4v3": (compact(), 4),
    "2x_compact": (compact(2), 2),
}
"""By file, its tensors and how many times larger it makes a picture."""
