"""Random weights for networks as wide as published ones, drawn once and fast."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

MOST = 2**16 + 1
"""Different numbers in a tensor; in a larger one they come again and again."""


def draw(
    tensor: Tensor, generator: torch.Generator, scaled: Callable[[Tensor], Tensor] = lambda x: x
) -> None:
    """Write normal numbers, `scaled`, into a tensor that lies in one piece."""
    flat = tensor.detach().view(-1)
    numbers = scaled(torch.randn(min(len(flat), MOST), generator=generator))
    whole = len(flat) // len(numbers)
    flat[: whole * len(numbers)].view(whole, -1).copy_(numbers)
    flat[whole * len(numbers) :] = numbers[: len(flat) - whole * len(numbers)]


@contextmanager
def undrawn() -> Iterator[None]:
    """Matrices of layers that are made in the `with` hold no numbers yet: whoever makes them fills them.

    What layers draw for themselves took longer than all the rest of most tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("normal_", "uniform_"):
            patch.setattr(Tensor, name, _of_vectors_alone(getattr(Tensor, name)))
        yield


def _of_vectors_alone(draw: Any) -> Any:
    return lambda self, *how, **more: draw(self, *how, **more) if self.ndim < 2 else self
