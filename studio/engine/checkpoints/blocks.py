"""GGUF's blocks of quantised weights (ggml) to numbers: a block is 32 or 256 neighbours of a row.

Each function takes blocks as bytes (N, bytes of a block) and gives (N, numbers of a block) in fp32.
`d` is a block's scale, `m` what is added or, in the K types, taken away; these have scales of their
own, of 4 to 8 bits, for every 16 or 32 numbers.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor


def _half(data: Tensor, at: int) -> Tensor:
    """The fp16 number at byte `at` of each block, (N, 1)."""
    return data[:, at : at + 2].contiguous().view(torch.float16).float()


def _nibbles(data: Tensor) -> Tensor:
    """(N, B) → (N, 2 B): all low halves of the bytes, then all high ones."""
    return torch.cat([data & 15, data >> 4], 1)


def _bits(data: Tensor, count: int, width: int = 1) -> Tensor:
    """(..., B) → (..., count, B): the first, second … `width` bits of each byte."""
    shifts = torch.arange(count, device=data.device, dtype=torch.uint8) * width
    return (data[..., None, :] >> shifts[:, None]) & (2**width - 1)


def _fifth(data: Tensor, at: int) -> Tensor:
    """The fifth bits of 32 numbers, which lie in four bytes in order, (N, 32)."""
    packed = data[:, at : at + 4, None] >> torch.arange(8, device=data.device, dtype=torch.uint8)
    return (packed & 1).flatten(1) << 4


def _q4_0(b: Tensor) -> Tensor:
    return _half(b, 0) * (_nibbles(b[:, 2:]).float() - 8)


def _q4_1(b: Tensor) -> Tensor:
    return _half(b, 0) * _nibbles(b[:, 4:]).float() + _half(b, 2)


def _q5_0(b: Tensor) -> Tensor:
    return _half(b, 0) * ((_nibbles(b[:, 6:]) | _fifth(b, 2)).float() - 16)


def _q5_1(b: Tensor) -> Tensor:
    return _half(b, 0) * (_nibbles(b[:, 8:]) | _fifth(b, 4)).float() + _half(b, 2)


def _q8_0(b: Tensor) -> Tensor:
    return _half(b, 0) * b[:, 2:].view(torch.int8).float()


def _q2_k(b: Tensor) -> Tensor:
    """Scales (16), numbers of 2 bits (64 bytes), d, m."""
    scales, d, m = b[:, :16], _half(b, 80)[..., None], _half(b, 82)[..., None]
    q = _bits(b[:, 16:80].reshape(-1, 2, 32), 4, 2).reshape(-1, 16, 16).float()
    scale, least = (scales & 15).float()[..., None], (scales >> 4).float()[..., None]
    return (d * scale * q - m * least).flatten(1)


def _q3_k(b: Tensor) -> Tensor:
    """Third bits (32 bytes), first two bits (64), scales of 6 bits (12), d."""
    low = _bits(b[:, 32:96].reshape(-1, 2, 32), 4, 2).reshape(-1, 16, 16).float()
    is_low = 1 - _bits(b[:, :32], 8).reshape(-1, 16, 16).float()
    packed = b[:, 96:108]
    scales = _nibbles(packed[:, :8]) | (_bits(packed[:, 8:], 4, 2).flatten(1) << 4)
    scale = (scales.float() - 32)[..., None]
    return (_half(b, 108)[..., None] * scale * (low - 4 * is_low)).flatten(1)


def _scales_of_six(b: Tensor) -> tuple[Tensor, Tensor]:
    """Eight scales and eight minima of 6 bits in twelve bytes, (N, 8, 1) each."""
    first, second, rest = b[:, :4], b[:, 4:8], b[:, 8:12]
    scale = torch.cat([first & 63, (rest & 15) | ((first >> 2) & 48)], 1)
    least = torch.cat([second & 63, (rest >> 4) | ((second >> 2) & 48)], 1)
    return scale.float()[..., None], least.float()[..., None]


def _q4_k(b: Tensor) -> Tensor:
    """d, m, scales (12), numbers of 4 bits (128 bytes)."""
    scale, least = _scales_of_six(b[:, 4:16])
    q = _bits(b[:, 16:].reshape(-1, 4, 32), 2, 4).reshape(-1, 8, 32).float()
    return (_half(b, 0)[..., None] * scale * q - _half(b, 2)[..., None] * least).flatten(1)


def _q5_k(b: Tensor) -> Tensor:
    """d, m, scales (12), fifth bits (32), first four (128)."""
    scale, least = _scales_of_six(b[:, 4:16])
    low = _bits(b[:, 48:].reshape(-1, 4, 32), 2, 4).reshape(-1, 8, 32)
    q = (low | (_bits(b[:, 16:48], 8) << 4)).float()
    return (_half(b, 0)[..., None] * scale * q - _half(b, 2)[..., None] * least).flatten(1)


def _q6_k(b: Tensor) -> Tensor:
    """First four bits (128 bytes), last two (64), scales of 8 bits (16), d."""
    low = _bits(b[:, :128].reshape(-1, 2, 64), 2, 4).reshape(-1, 8, 32)
    high = _bits(b[:, 128:192].reshape(-1, 2, 32), 4, 2).reshape(-1, 8, 32)
    q = ((low | (high << 4)).float() - 32).reshape(-1, 16, 16)
    scale = b[:, 192:208].view(torch.int8).float()[..., None]
    return (_half(b, 208)[..., None] * scale * q).flatten(1)


BLOCKS: Mapping[str, tuple[int, Callable[[Tensor], Tensor]]] = {
    "Q4_0": (18, _q4_0), "Q4_1": (20, _q4_1), "Q5_0": (22, _q5_0), "Q5_1": (24, _q5_1),
    "Q8_0": (34, _q8_0), "Q2_K": (84, _q2_k), "Q3_K": (110, _q3_k), "Q4_K": (144, _q4_k),
    "Q5_K": (176, _q5_k), "Q6_K": (210, _q6_k),
}  # fmt: skip
"""By type: bytes of a block, and its numbers."""
PLAIN = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
"""Types that are no blocks."""


def numbers(data: Tensor, kind: str, shape: tuple[int, ...]) -> Tensor:
    """The bytes of a tensor, of one of BLOCKS, in fp32; KeyError for another type."""
    size, of_blocks = BLOCKS[kind]
    return of_blocks(data.reshape(-1, size)).reshape(shape)
