"""Networks that wait on the processor while others learn, and are brought back to show something."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from studio.engine.memory.live import tensors_of


class Resting:
    """Networks with nothing in common, which are on `device` when this is made."""

    def __init__(self, nets: Iterable[nn.Module], device: str) -> None:
        self._tensors: list[Tensor] = [tensor for net in nets for tensor in tensors_of(net)]
        self._device = device

    @contextmanager
    def resting(self) -> Iterator[None]:
        """They are on the processor while the `with` lasts."""
        self._to("cpu")
        try:
            yield
        finally:
            self._to(self._device)

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Inside of `resting`: they are on their device again while the `with` lasts."""
        self._to(self._device)
        try:
            yield
        finally:
            self._to("cpu")

    def _to(self, place: str) -> None:
        for tensor in self._tensors:
            tensor.data = tensor.data.to(place)
