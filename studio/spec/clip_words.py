"""CLIP's vocabulary from its published merges (byte-level BPE, Radford et al. 2021).  Pure: who reads
the merges from assets/clip gives their text."""

from functools import cache

MERGES = "bpe_simple_vocab_16e6.txt.gz"
"""The file in assets/clip; UTF-8 text once it is unpacked."""
NAMED = "bpe_simple_vocab_16e6"
"""What a tokenizer's config of the studio calls them."""
START, END = "<|startoftext|>", "<|endoftext|>"
WORDS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)
"""What is a word before it is taken apart, as a regular expression."""
_MOST = 49152 - 256 - 2
"""Merges of the file that CLIP reads: its vocabulary are the bytes, the bytes that end a word, the
merges, and two marks."""
Merges = tuple[tuple[str, str], ...]


@cache
def vocabulary(text: str) -> tuple[dict[str, int], Merges]:
    """Numbers by word, below 49 408, and the merges in order."""
    merges = tuple(_pair(line) for line in text.split("\n")[1 : _MOST + 1])
    signs = _letters()
    ends = [sign + "</w>" for sign in signs]
    words = [*signs, *ends, *("".join(pair) for pair in merges), START, END]
    return {word: number for number, word in enumerate(words)}, merges


def _pair(line: str) -> tuple[str, str]:
    one, two = line.split()
    return one, two


_PRINTABLE = (*range(33, 127), *range(161, 173), *range(174, 256))


def _letters() -> list[str]:
    """A printable sign for each byte, in the order of OpenAI's table: printable bytes first."""
    others = 256 - len(_PRINTABLE)
    return [chr(byte) for byte in _PRINTABLE] + [chr(256 + n) for n in range(others)]


def by_byte() -> list[str]:
    """The same signs in the order of the bytes."""
    order = [*_PRINTABLE, *(byte for byte in range(256) if byte not in _PRINTABLE)]
    return [sign for _, sign in sorted(zip(order, _letters(), strict=True))]
