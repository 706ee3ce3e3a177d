"""Whether an error says that memory is short, and work that may end so."""

import traceback
from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")
MESSAGES = ("out of memory", "can't allocate memory", "not enough memory")
"""How torch says it in a RuntimeError: of MPS, and of a processor's allocator."""


def is_shortage(error: BaseException) -> bool:
    """Whether memory was short, of a device or of the computer."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    message = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in message for words in MESSAGES)


def unless_short(work: Callable[[], T]) -> T | None:
    """What `work` gives; None where memory was short, of which nothing is held any longer."""
    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not is_shortage(error):
            raise
        _forget(error)
        return None


def _forget(error: BaseException | None) -> None:
    """Let go of what the frames of an error and of those that led to it hold: tensors."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
