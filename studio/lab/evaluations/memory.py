"""How much memory the full-size stages take: predicted from shapes, and measured where it is asked."""

from __future__ import annotations

import sys

from studio.spec.refusal import Refusal

MULTIPLE = 64
"""Pixels that a side must be a multiple of: the networks halve it so often."""


def memory_table(
    width: int, height: int, *, measure: bool = False, device: str | None = None
) -> str:
    """The table in Markdown, for small frames of `width` × `height` pixels."""
    for side in (width, height):
        if side < MULTIPLE or side % MULTIPLE:
            raise Refusal(f"Frames of {width} × {height} fit no network.", "Use multiples of 64.")
    import torch

    from studio.engine.device import choose
    from studio.lab.measures import memory

    columns = {"predicted, half": memory.predicted(width, height, torch.float16)}
    if measure:
        on = choose(device)
        if on.name not in ("cuda", "cpu") or (on.name == "cpu" and sys.platform != "linux"):
            raise Refusal("This system does not say what memory was used.", "Leave --measure out.")
        if on.dtype != torch.float16:
            columns["predicted, full"] = memory.predicted(width, height, on.dtype)
        columns[f"measured, {on.described}"] = memory.measured(width, height, on)
    return memory.markdown(columns)
