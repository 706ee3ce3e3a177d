"""Weight files of any size, small ones too, as the hub would have them."""

import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save

PATIENCE = 60.0
"""Seconds that something may take to happen."""


def weights(size: int = 2**20, seed: int = 0) -> bytes:
    """A safetensors file of a little more than `size` random bytes."""
    rng = np.random.default_rng(seed)
    return save({"layer.weight": rng.integers(0, 256, size, dtype=np.uint8)})


def linked(data: Path, name: str) -> Path:
    """Where the one file of that name lies that came by a plain link."""
    (found,) = (data / "models" / "links").glob(f"*/{name}")
    return found


def wait_for(size: int, part: Path) -> None:
    """Until so much of a file is here."""
    until = time.monotonic() + PATIENCE
    while not (part.exists() and part.stat().st_size == size):
        assert time.monotonic() < until
        time.sleep(0.02)
