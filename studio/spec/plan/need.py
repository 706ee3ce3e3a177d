"""What a piece of work takes: bytes, and the products that it has to compute."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes on the device for networks (`weights`) and for what they work with at most
    (`working`), bytes on the processor beside it (`host`), and floating-point operations.

    Where the processor is the device, `host` is 0: all is in one memory.
    """

    weights: int
    working: int
    host: int = 0
    flops: int = 0

    @property
    def device(self) -> int:
        """Bytes on the device at most."""
        return self.weights + self.working
