"""Numbers as people and files write them: exact fractions from text of bounded length."""

import re
from dataclasses import dataclass
from fractions import Fraction

from studio.spec.refusal import Refusal, shown

# `Fraction` itself computes 10 to whatever power it is told, for minutes and in all memory.
_DECIMAL = re.compile(r"[+-]?(\d{1,20}([.,]\d{0,15})?|[.,]\d{1,15})([eE][+-]?\d{1,2})?")
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f](?=\d)")
_RATIO = re.compile(r"[+-]?\d{1,60} ?/ ?\d{1,60}")


def exact(text: str) -> Fraction:
    """The number that `text` says: "24", "1.5", "1,5", "1e-3", "30000/1001".

    Point and comma both are the decimal sign, so no digits are ever grouped: "1,000.5" is no
    number.  Raises ValueError for all else, in a time that does not depend on what it would mean.
    """
    plain = text.strip()
    if _DECIMAL.fullmatch(plain):
        return Fraction(plain.replace(",", "."))
    if _RATIO.fullmatch(plain):
        above, below = plain.split("/")
        if int(below):
            return Fraction(int(above), int(below))
    raise ValueError(f"{shown(text)} is not a number")


def read_number(text: str, unit: str = "") -> Fraction:
    """What a person typed into a field, with or without its `unit`; refused where it is no number.

    Spaces between digits are dropped ("1 482 007"), and the Arabic decimal sign is one too: no
    value here needs groups, and a silent factor of ten is worse than any refusal.
    """
    entered = text.strip()
    if unit.strip() and entered.casefold().endswith(unit.strip().casefold()):
        entered = entered[: -len(unit.strip())].rstrip()
    if not entered:
        raise Refusal("There is no number.", "Type one, such as 8 or 1.5.")
    plain = _SPACES.sub("", entered[:100]).replace("\u066b", ".").replace("\u2212", "-")
    try:
        return exact(plain)
    except ValueError:
        refused = f"“{shown(entered)}” is not a number."
        raise Refusal(refused, "Type one, such as 8 or 1.5.") from None


def write_number(value: Fraction | float | int, decimals: int = 3) -> str:
    """A number without zeros that say nothing, which `read_number` reads back: "24", "23.976"."""
    exact = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    if exact.denominator == 1:
        return str(exact.numerator)
    digits = f"{round(abs(exact) * 10**decimals):0{decimals + 1}d}"
    spelled = f"{digits[:-decimals]}.{digits[-decimals:]}".rstrip("0").rstrip(".")
    return f"-{spelled}" if exact < 0 and spelled != "0" else spelled


@dataclass(frozen=True, slots=True)
class Possible:
    """Which numbers will do: from `lowest` to `highest`, both among them, in steps of `step`.

    Steps count from `origin`, 0 for multiples; a `step` of 0 leaves every number between.
    """

    lowest: Fraction
    highest: Fraction
    step: Fraction = Fraction(1)
    origin: Fraction = Fraction(0)

    def nearest(self, value: Fraction) -> Fraction:
        """The possible number next to `value`; of two as near the larger."""
        if self.step:
            steps = ((value - self.origin) / self.step + Fraction(1, 2)).__floor__()
            value = self.origin + steps * self.step
        return min(max(self.lowest, value), self.highest)


def possible(
    lowest: Fraction | float | str,
    highest: Fraction | float | str,
    step: Fraction | float | str = 1,
) -> Possible:
    """The same from plain numbers; both ends are moved inwards to a multiple of `step`."""
    low, high, by = (Fraction(str(side)) for side in (lowest, highest, step))
    if by:
        low, high = -(-low // by) * by, high // by * by
    return Possible(low, max(low, high), by)
