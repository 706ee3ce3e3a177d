"""Bytes that a run took, by torch's own allocators; beside `live`, which counts without them."""

import gc
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from studio.engine.device import Device

ALLOCATION = "[memory]"
"""What torch's profiler calls an allocation, and the freeing of one."""


def measured(run: Callable[[], object], device: Device) -> int:
    """The most bytes that were alive on a device, beside what was there, while `run` went on.

    On a card by its allocator; on a processor from the profiler's record of every allocation, which
    has the workspaces of operations too, except those that oneDNN keeps to itself.
    """
    gc.collect()
    if device.name == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    with (
        redirect_stderr(StringIO()),
        profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen,
    ):
        run()
    return _highest(seen)


def _highest(seen: Any) -> int:
    events = (e for e in seen.profiler.kineto_results.events() if e.name() == ALLOCATION)
    now = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    return most
