"""The starter's tokenizer, every taught word one token, and its text encoder before it learns."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import torch
from tokenizers import pre_tokenizers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

WIDTH = 128
START, END = "<|startoftext|>", "<|endoftext|>"


def word_tokenizer(words: Iterable[str], positions: int) -> CLIPTokenizer:
    """Byte-level BPE in CLIP's layout; every one of `words` is a token."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = _merges(sorted(words))
    tokens = [*alphabet, *(letter + "</w>" for letter in alphabet)]
    tokens += dict.fromkeys("".join(pair) for pair in merges)
    vocab = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    vocab |= {START: len(vocab), END: len(vocab) + 1}
    pairs: Any = merges  # annotated as lines of text alone
    return CLIPTokenizer(vocab=vocab, merges=pairs, model_max_length=positions)


def _merges(words: list[str]) -> list[tuple[str, str]]:
    """Byte pairs to merge, the most frequent first, until every word is one token.

    Ties go by spelling: the library's own trainer breaks them otherwise in every process.
    """
    split = [(*word[:-1], word[-1] + "</w>") for word in words]
    merges: list[tuple[str, str]] = []
    while pairs := Counter(pair for parts in split for pair in pairwise(parts)):
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        split = [_merged(parts, best) for parts in split]
    return merges


def _merged(parts: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """The parts of a word with each occurrence of `pair` joined, from the left."""
    done: list[str] = []
    for part in parts:
        if done and (done[-1], part) == pair:
            done[-1] += part
        else:
            done.append(part)
    return tuple(done)


def fresh(words: CLIPTokenizer, seed: int) -> CLIPTextModel:
    """A CLIP text model of 4 layers, 128 wide, with random weights, as long as its tokenizer."""
    torch.manual_seed(seed)
    ids: dict[str, Any] = {
        name: getattr(words, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")
    }
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=words.model_max_length,
        projection_dim=WIDTH,
        **ids,
    )
    return CLIPTextModel(config)
