"""How much memory the full-size stages take: predicted from shapes, and measured where it is asked."""

from __future__ import annotations

import sys

from studio.jobs.residents import Residents
from studio.spec.refusal import Refusal

MULTIPLE = 64
"""Pixels that a side must be a multiple of: the networks halve it so often."""


def memory_table(width: int, height: int, *, measure: bool = False) -> str:
    """The table in Markdown, for small frames of `width` × `height` pixels."""
    for side in (width, height):
        if side < MULTIPLE or side % MULTIPLE:
            raise Refusal(f"Frames of {width} × {height} fit no network.", "Use multiples of 64.")
    import torch

    from studio.engine.measures import memory

    columns = {"predicted, half": memory.predicted(width, height, torch.float16)}
    if measure:
        device = Residents().device()
        if device.name not in ("cuda", "cpu") or (device.name == "cpu" and sys.platform != "linux"):
            raise Refusal("This system does not say what memory was used.", "Leave --measure out.")
        if device.dtype != torch.float16:
            columns["predicted, full"] = memory.predicted(width, height, device.dtype)
        columns[f"measured, {device.described}"] = memory.measured(width, height, device)
    return memory.markdown(columns)
