"""CLIP's tokenizer from its published merges (byte-level BPE, Radford et al. 2021), without any file
of a model: assets/clip holds the merges, with their licence.
"""

import gzip
from functools import cache
from pathlib import Path

from transformers import CLIPTokenizer

MERGES = Path(__file__).resolve().parents[3] / "assets" / "clip" / "bpe_simple_vocab_16e6.txt.gz"
MOST = 49152 - 256 - 2
"""Merges of the file that CLIP reads; its vocabulary are the bytes, the bytes that end a word, the
merges, and two marks."""
START, END = "<|startoftext|>", "<|endoftext|>"


def clip_tokenizer(pad: str = END, longest: int = 77) -> CLIPTokenizer:
    """Words to numbers below 49 408.  `pad` fills up to `longest`: the mark of the end in CLIP
    ViT-L, "!" in OpenCLIP's."""
    merges = _merges()
    vocabulary = {word: number for number, word in enumerate(_words(merges))}
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=list(merges),  # pyright: ignore[reportArgumentType] - pairs, as tokenizers has them
        pad_token=pad,
        model_max_length=longest,
    )


def _words(merges: tuple[tuple[str, str], ...]) -> list[str]:
    letters = list(_letters())
    ends = [letter + "</w>" for letter in letters]
    return [*letters, *ends, *("".join(pair) for pair in merges), START, END]


def _letters() -> list[str]:
    """A printable sign for each byte, in the order of OpenAI's table: printable bytes first."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(len(others))]


@cache
def _merges() -> tuple[tuple[str, str], ...]:
    with gzip.open(MERGES, "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")[1 : MOST + 1]
    return tuple((one, two) for one, two in (line.split() for line in lines))
