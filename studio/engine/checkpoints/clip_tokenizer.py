"""CLIP's tokenizer from its published merges, without any file of a model: assets/clip holds them, with
their licence."""

import gzip
from pathlib import Path

from transformers import CLIPTokenizer

from studio.spec.clip_words import END, MERGES, vocabulary

FILE = Path(__file__).resolve().parents[3] / "assets" / "clip" / MERGES


def clip_tokenizer(pad: str = END, longest: int = 77) -> CLIPTokenizer:
    """Words to numbers below 49 408.  `pad` fills up to `longest`: the mark of the end in CLIP
    ViT-L, "!" in OpenCLIP's."""
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        words, merges = vocabulary(file.read())
    return CLIPTokenizer(
        vocab=words,
        merges=list(merges),  # pyright: ignore[reportArgumentType] - pairs, as tokenizers has them
        pad_token=pad,
        model_max_length=longest,
    )
