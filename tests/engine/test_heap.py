"""Freed memory is kept for what is computed next, and given back when a model is let go."""

import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from studio.engine.device import PROCESSOR
from studio.engine.memory import heap

STATM = Path("/proc/self/statm")
PAGE = resource.getpagesize()
LARGE = 48 << 20
"""Bytes: more than glibc's largest threshold for memory of its own mapping."""

pytestmark = pytest.mark.skipif(heap._glibc() is None, reason="another C library")


def touch(count: int) -> None:
    for _ in range(count):
        torch.ones(LARGE, dtype=torch.uint8)


def test_what_a_thread_frees_is_used_again():
    with ThreadPoolExecutor(1) as lane:
        lane.submit(touch, 5).result()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        lane.submit(touch, 20).result()
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults * PAGE < 10 * LARGE, "of twenty times as much"


def test_a_device_that_frees_gives_all_of_it_back():
    def taken() -> int:
        return int(STATM.read_text().split()[1]) * PAGE

    many = [torch.ones(LARGE // 8, dtype=torch.uint8) for _ in range(40)]
    last = many[-1].clone()  # lies above what is freed
    before = taken()
    del many
    PROCESSOR.free()
    assert before - taken() > 4 * LARGE
    assert last.all()
