"""Which sizes the models of a clip can all make: multiples of a number, up to a largest."""

from collections.abc import Iterable
from math import lcm
from typing import Protocol

from studio.spec.refusal import Refusal


class Sized(Protocol):
    """A card or a part: sides of its frames are multiples of `size_multiple` up to `largest`."""

    @property
    def size_multiple(self) -> int: ...

    @property
    def largest(self) -> int: ...


def size_multiple(card: Sized, parts: Iterable[Sized] = ()) -> int:
    """What every side of a clip by these is a multiple of, in pixels."""
    return lcm(card.size_multiple, *(part.size_multiple for part in parts))


def largest_side(card: Sized, parts: Iterable[Sized] = ()) -> int:
    """The largest side that all of them can make, in pixels."""
    multiple = size_multiple(card, parts := tuple(parts))
    return min(card.largest, *(part.largest for part in parts), card.largest) // multiple * multiple


def fitting(side: int, card: Sized, parts: Iterable[Sized] = ()) -> int:
    """The nearest side, in pixels, that all of them can make."""
    multiple, largest = size_multiple(card, parts := tuple(parts)), largest_side(card, parts)
    return min(max(multiple, round(side / multiple) * multiple), largest)


def snapped(side: int, card: Sized, parts: Iterable[Sized] = ()) -> int:
    """`fitting`, of what a user asks for; zero and negative sizes are refused."""
    if side <= 0:
        raise Refusal(f"A side of {side} pixels has no picture in it.", "Use a positive size.")
    return fitting(side, card, parts)
