"""T5's tokenizer (Kudo 2018, SentencePiece's unigram model) from what lies in or beside a text encoder:
a SentencePiece model as it is published, or the lists in a GGUF file."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    normalizers,
    pre_tokenizers,
    processors,
)
from tokenizers.models import Unigram
from transformers import PreTrainedTokenizerFast

BLANK = "▁"
PAD, END = "<pad>", "</s>"
UNKNOWN, BYTE = 2, 6
"""Kinds of pieces, as SentencePiece numbers them."""
SPECIAL = (UNKNOWN, 3)
"""Kinds that no text is cut into: the unknown, and marks such as the end."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The words of a unigram model: texts, logarithms of how frequent they are, and kinds; and the
    rules by which a text is brought into one form first (SentencePiece's character map)."""

    texts: Sequence[str]
    scores: Sequence[float]
    kinds: Sequence[int]
    rules: bytes = b""


def tokenizer(pieces: Pieces) -> PreTrainedTokenizerFast:
    """A tokenizer of these pieces that ends each text; ValueError where they are none."""
    if PAD not in pieces.texts or END not in pieces.texts:
        raise ValueError("no pieces of T5")
    unknown = next(n for n, kind in enumerate(pieces.kinds) if kind == UNKNOWN)
    words = list(zip(pieces.texts, pieces.scores, strict=True))
    made = Tokenizer(Unigram(words, unknown, byte_fallback=BYTE in pieces.kinds))
    first = [normalizers.Precompiled(pieces.rules)] if pieces.rules else []
    tidy = [normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), BLANK)]
    made.normalizer = normalizers.Sequence([*first, *tidy])  # pyright: ignore
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme="always")
    made.decoder = decoders.Metaspace(replacement=BLANK, prepend_scheme="always")
    end = pieces.texts.index(END)
    made.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", pair=f"$A {END} $B {END}", special_tokens=[(END, end)]
    )
    marks = [t for t, kind in zip(pieces.texts, pieces.kinds, strict=True) if kind in SPECIAL]
    made.add_special_tokens([AddedToken(mark, normalized=False) for mark in marks])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=PAD, eos_token=END, unk_token=pieces.texts[unknown]
    )


def of_sentencepiece(model: bytes) -> Pieces:
    """Of a `spiece.model`: a protocol buffer with a piece in each field 1, of text (1), score (2) and
    kind (3), and in field 3 the rules (2).  ValueError where it is something else."""
    texts, scores, kinds, rules = [], [], [], b""
    for field, value in _fields(model):
        if field == 1 and isinstance(value, bytes):
            piece = dict(_fields(value))
            texts.append(bytes(piece[1]).decode("utf-8"))  # pyright: ignore
            scores.append(struct.unpack("<f", piece[2])[0] if 2 in piece else 0.0)  # pyright: ignore
            kinds.append(int(piece.get(3, 1)))  # pyright: ignore
        elif field == 3 and isinstance(value, bytes):
            found = dict(_fields(value)).get(2, b"")
            rules = found if isinstance(found, bytes) else b""
    if not texts:
        raise ValueError("no pieces")
    return Pieces(texts, scores, kinds, rules)


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The fields of a protocol buffer in order, each a number and a value: bytes, or a whole
    number; numbers of fixed width as bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            length, at = _varint(data, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("no protocol buffer")
        if at + length > len(data):
            raise ValueError("cut short")
        yield tag >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("cut short")
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
