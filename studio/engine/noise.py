"""Counter-based noise per frame: the same whatever else is computed, on whatever device.

A counter-based generator keyed by what the noise is for, drawn in fp32 on the CPU, then moved.
"""

import hashlib

import numpy as np
import torch
from torch import Tensor


def noise(
    seed: int,
    stage: str,
    frame: int,
    shape: tuple[int, ...],
    *,
    step: int = 0,
    purpose: str = "start",
) -> Tensor:
    """Standard normal fp32 noise of `shape` for (seed, stage, frame position, step, purpose).

    NumPy's Philox keyed with BLAKE2b of that tuple, so seeds s and s + 1 share no frame.
    """
    key = np.frombuffer(_key(seed, stage, frame, step, purpose), np.uint64)
    drawn = np.random.Generator(np.random.Philox(key=key)).standard_normal(shape, np.float32)
    return torch.from_numpy(drawn)


def clip_noise(
    seed: int,
    stage: str,
    frames: tuple[int, ...],
    shape: tuple[int, ...],
    *,
    shared: float = 0.0,
    step: int = 0,
    purpose: str = "start",
) -> Tensor:
    """Noise (T, *shape) for absolute frame positions.

    `shared` of its variance, 0..1, is the same in all frames of the seed and stage.
    """
    own = torch.stack([noise(seed, stage, f, shape, step=step, purpose=purpose) for f in frames])
    if not shared:
        return own
    common = noise(seed, stage, 0, shape, step=step, purpose=f"{purpose}, shared")
    return shared**0.5 * common + (1 - shared) ** 0.5 * own


def step_generators(
    seed: int, stage: str, frames: tuple[int, ...], step: int
) -> list[torch.Generator]:
    """A generator per frame for what a scheduler itself draws at a step.

    diffusers takes nothing but torch's own generators there, on the CPU wherever the latents are;
    they are keyed as `noise` is.
    """
    keys = [_key(seed, stage, frame, step, "drawn at a step") for frame in frames]
    return [torch.Generator().manual_seed(int.from_bytes(key[:8], "little") >> 1) for key in keys]


def _key(seed: int, stage: str, frame: int, step: int, purpose: str) -> bytes:
    # plain types: NumPy's integers spell themselves in another way
    spelled = repr((int(seed), str(stage), int(frame), int(step), str(purpose))).encode()
    return hashlib.blake2b(spelled, digest_size=16).digest()
