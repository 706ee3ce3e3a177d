"""Numbers as people and files write them: exact fractions from text of bounded length."""

import re
from fractions import Fraction

# `Fraction` itself computes 10 to whatever power it is told, for minutes and in all memory.
_DECIMAL = re.compile(r"[+-]?(\d{1,15}([.,]\d{0,15})?|[.,]\d{1,15})([eE][+-]?\d{1,2})?")
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


def shown(text: str, longest: int = 40) -> str:
    """What was typed, short enough to be repeated in a sentence."""
    return text if len(text) <= longest else f"{text[:longest]}…"
