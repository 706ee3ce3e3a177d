"""A processor with less memory than it has: what computes beyond so many bytes is refused them, as an
allocator does."""

from typing import Any

import torch

from studio.engine.memory.live import Live


class Short(Live):
    """Raises torch's own error where more than `most` bytes would be alive."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.refused = most, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = super().__torch_dispatch__(func, types, args, kwargs)
        if self._by_place.total() > self.most and self.now > self.most:
            self.refused += 1
            raise torch.OutOfMemoryError(f"tried to allocate more than {self.most} bytes")
        return made
