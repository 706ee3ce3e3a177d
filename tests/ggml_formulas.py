"""ggml's formulas of quantised blocks, written out number by number, and blocks of any bits."""

import random
import struct

import torch

from tests.gguf_writer import SIZES

BLOCK = {"Q2_K": 256, "Q3_K": 256, "Q4_K": 256, "Q5_K": 256, "Q6_K": 256}
HALVES = {"Q4_1": (0, 2), "Q5_1": (0, 2), "Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2),
          "Q5_K": (0, 2), "Q6_K": (208,)}  # fmt: skip
"""Where fp16 numbers stand in a block; elsewhere at its beginning."""


def half(block: bytes, at: int) -> float:
    return struct.unpack_from("<e", block, at)[0]


def signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def of_32(kind: str, b: bytes) -> list[float]:
    d = half(b, 0)
    if kind == "Q8_0":
        return [d * signed(q) for q in b[2:]]
    m = half(b, 2) if kind.endswith("1") else None
    at = 2 if m is None else 4
    fifth = int.from_bytes(b[at : at + 4], "little") if kind.startswith("Q5") else 0
    q4 = b[at + 4 :] if kind.startswith("Q5") else b[at:]
    found = []
    for k in range(32):
        q = (q4[k] & 15) if k < 16 else (q4[k - 16] >> 4)
        q |= (fifth >> k & 1) << 4
        middle = 16 if kind.startswith("Q5") else 8
        found.append(d * (q - middle) if m is None else d * q + m)
    return found


def six_bits(s: bytes, j: int) -> tuple[int, int]:
    """ggml's get_scale_min_k4."""
    if j < 4:
        return s[j] & 63, s[j + 4] & 63
    return (s[j + 4] & 15) | (s[j - 4] >> 6) << 4, (s[j + 4] >> 4) | (s[j] >> 6) << 4


def of_256(kind: str, b: bytes) -> list[float]:
    return {"Q2_K": q2, "Q3_K": q3, "Q4_K": q45, "Q5_K": q45, "Q6_K": q6}[kind](b)


def q2(b: bytes) -> list[float]:
    d, m = half(b, 80), half(b, 82)
    found = []
    for n in range(256):
        group, within = divmod(n, 128)
        q = b[16 + 32 * group + within % 32] >> 2 * (within // 32) & 3
        scale = b[n // 16]
        found.append(d * (scale & 15) * q - m * (scale >> 4))
    return found


def q3(b: bytes) -> list[float]:
    d, packed = half(b, 108), b[96:108]
    found = []
    for n in range(256):
        group, within = divmod(n, 128)
        q = b[32 + 32 * group + within % 32] >> 2 * (within // 32) & 3
        q -= 0 if b[n % 32] >> (n // 32) & 1 else 4
        j = n // 16
        low = packed[j] & 15 if j < 8 else packed[j - 8] >> 4
        scale = (low | (packed[8 + j % 4] >> 2 * (j // 4) & 3) << 4) - 32
        found.append(d * scale * q)
    return found


def q45(b: bytes) -> list[float]:
    is_five = len(b) == 176
    d, m, scales, q4 = half(b, 0), half(b, 2), b[4:16], b[48:] if is_five else b[16:]
    found = []
    for n in range(256):
        j, within = divmod(n, 32)
        byte = q4[32 * (j // 2) + within]
        q = byte >> 4 if j % 2 else byte & 15
        q += 16 * (b[16 + within] >> j & 1) if is_five else 0
        scale, least = six_bits(scales, j)
        found.append(d * scale * q - m * least)
    return found


def q6(b: bytes) -> list[float]:
    found = []
    for n in range(256):
        group, within = divmod(n, 128)
        quarter, at = divmod(within, 32)
        low = b[64 * group + at + 32 * (quarter % 2)]
        low = low >> 4 if quarter > 1 else low & 15
        high = b[128 + 32 * group + at] >> 2 * quarter & 3
        q = (low | high << 4) - 32
        found.append(half(b, 208) * signed(b[192 + n // 16]) * q)
    return found


def blocks(kind: str, count: int, seed: int = 0) -> bytes:
    """Blocks of any bits whose fp16 numbers are numbers."""
    random.seed(seed)
    size, made = SIZES[kind], b""
    for _ in range(count):
        block = bytearray(random.randbytes(size))
        for at in HALVES.get(kind, (0,)):
            struct.pack_into("<e", block, at, random.uniform(-0.02, 0.02))
        made += bytes(block)
    return made


def expanded(kind: str, data: bytes) -> torch.Tensor:
    size, of = SIZES[kind], of_256 if kind in BLOCK else of_32
    return torch.tensor(
        [n for at in range(0, len(data), size) for n in of(kind, data[at : at + size])]
    )
