"""How many frames a model makes in one call."""

from collections.abc import Iterator
from dataclasses import dataclass

from studio.spec.bounds import AT_ONCE, between, misfits


@dataclass(frozen=True, slots=True)
class Window:
    """Frames per call: `usual` of them, at most `most`; numbers that fit are `first` + n·`step`."""

    usual: int
    most: int
    step: int = 1
    first: int = 1

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no card says."""
        number = between(1, AT_ONCE)
        yield from misfits(self, usual=number, most=number, step=number, first=number)

    def fits(self, frames: int) -> bool:
        """Whether a call can make exactly so many."""
        return self.first <= frames <= self.most and (frames - self.first) % self.step == 0

    def snapped(self, frames: int) -> int:
        """The smallest number that fits and is not less; the largest where none is."""
        n = max(0, -(-(frames - self.first) // self.step))
        return self.first + min(n, (self.most - self.first) // self.step) * self.step

    @property
    def described(self) -> str:
        """The numbers that fit, as "1 to 16" or "5, 9 … 81"."""
        if self.step == 1:
            return f"{self.first} to {self.most}"
        return f"{self.first}, {self.first + self.step} … {self.most}"
