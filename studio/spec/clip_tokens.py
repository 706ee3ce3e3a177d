"""How many tokens CLIP makes of a text, without its library: byte-level BPE over its published merges."""

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

from studio.spec.clip_words import Merges, by_byte

_CONTRACTED = re.compile(r"'(?:s|t|re|ve|m|ll|d)")
_MARKS = re.compile(r"<\|startoftext\|>|<\|endoftext\|>")


def counter(merges: Merges) -> Callable[[str], int]:
    """A text → its number of tokens, marks of beginning and end not counted."""
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    signs = by_byte()

    @cache
    def of_word(word: str) -> int:
        if _MARKS.fullmatch(word):
            return 1
        pieces = [signs[byte] for byte in word.encode()]
        pieces[-1] += "</w>"
        return len(_joined(pieces, ranks))

    return lambda text: sum(of_word(word) for word in words(text))


def _joined(pieces: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """Pairs put together in the order of the merges, until none is left."""
    while len(pieces) > 1:
        pairs = list(itertools.pairwise(pieces))
        best = min(pairs, key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        joined, at = [], 0
        while at < len(pieces):
            if at + 1 < len(pieces) and (pieces[at], pieces[at + 1]) == best:
                joined.append(pieces[at] + pieces[at + 1])
                at += 2
            else:
                joined.append(pieces[at])
                at += 1
        pieces = joined
    return pieces


def words(text: str) -> Iterator[str]:
    """What is taken apart by itself: letters in a row, each digit, other signs in a row."""
    text = " ".join(unicodedata.normalize("NFC", text).split()).lower()
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        end = _end(text, at)
        yield text[at:end]
        at = end


def _end(text: str, at: int) -> int:
    for special in (_MARKS, _CONTRACTED):
        if found := special.match(text, at):
            return found.end()
    kind = _kind(text[at])
    end = at + 1
    while kind != "N" and end < len(text) and text[end] != " " and _kind(text[end]) == kind:
        end += 1
    return end


def _kind(sign: str) -> str:
    first = unicodedata.category(sign)[0]
    return first if first in "LN" else ""
