"""Weight files of any size, small ones too, as the hub would have them."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from tests.commands import Ran

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


def interrupted_at(part: Path, size: int, call: Callable[[], Ran]) -> tuple[Ran, float]:
    """Ctrl+C when so much of a file is here: what the command came to, and seconds from then on."""
    at: list[float] = []

    def interrupt() -> None:
        wait_for(size, part)
        at.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()
    done = call()
    took = time.monotonic() - at[0]
    other.join()
    return done, took
