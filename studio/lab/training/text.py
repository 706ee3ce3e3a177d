"""The starter's tokenizer and text encoder: taught to understand the grammar before any picture.

A text encoder trained only through the picture loss learns motion words late or never, because no
single frame needs them.  So it learns to say what a caption means first, and is frozen then.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from tokenizers import pre_tokenizers
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from studio.engine.device import PROCESSOR, Device
from studio.engine.subjects.loop import Plan, fit
from studio.lab.drawing import grammar, scenes
from studio.spec.progress import Tick, silent

POSITIONS = 24
WIDTH = 128
START, END = "<|startoftext|>", "<|endoftext|>"
KINDS = (
    grammar.COLOURS,
    grammar.SHAPES,
    grammar.PLACES,
    grammar.MOTIONS,
    grammar.SIZES,
    grammar.SPEEDS,
)


def tokenizer(words: Iterable[str] = (), positions: int = POSITIONS) -> CLIPTokenizer:
    """Byte-level BPE in CLIP's layout; every one of `words`, by default the grammar's, is a token."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = _merges(sorted(words or grammar.words()))
    tokens = [*alphabet, *(letter + "</w>" for letter in alphabet)]
    tokens += dict.fromkeys("".join(pair) for pair in merges)
    vocab = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    vocab |= {START: len(vocab), END: len(vocab) + 1}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=positions)


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
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=words.model_max_length,
        projection_dim=WIDTH,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    return CLIPTextModel(config)


class Reader(nn.Module):
    """A text encoder with one small head per attribute, on the end token and on the padding."""

    def __init__(self, encoder: CLIPTextModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleList(nn.Linear(WIDTH, len(kind) + 1) for kind in KINDS)

    def forward(self, ids: Tensor) -> list[Tensor]:
        """Token numbers (B, 24) to one score table (B, options + 1) per attribute."""
        out = self.encoder(ids)
        seen = out.pooler_output + out.last_hidden_state[:, -1]
        return [head(seen) for head in self.heads]


def train(seed: int, steps: int, folder: Path, *, device: Device = PROCESSOR, tick: Tick = silent):
    """Returns (tokenizer, text encoder), the encoder frozen."""
    words = _kept_tokenizer(folder / "tokenizer")
    reader = Reader(fresh(words, seed)).to(device.name)
    plan = Plan("text", steps, rate=1e-3, ema=0.99)

    def loss_at(step: int) -> Tensor:
        captions, answers = batch(np.random.default_rng((seed, step, 2)), 128)
        there = reader.encoder.device
        scores, answers = reader(ids(words, captions).to(there)), answers.to(there)
        return torch.stack([F.cross_entropy(s, answers[:, k]) for k, s in enumerate(scores)]).sum()

    average = fit(reader, loss_at, plan, folder, tick=tick)
    reader.load_state_dict(average, strict=False)
    return words, reader.encoder.eval().requires_grad_(False)


def _kept_tokenizer(folder: Path) -> CLIPTokenizer:
    """The run's tokenizer, written once: after a change of the grammar words count otherwise."""
    if not folder.exists():
        tokenizer().save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def batch(rng: np.random.Generator, count: int) -> tuple[list[str], Tensor]:
    """Captions and what they say: (B, 6) option numbers, the last option being "left open"."""
    captions, answers = [], []
    for _ in range(count):
        text = distracted(rng, scenes.random_caption(rng, scenes.random_meaning(rng)))
        captions.append(text)
        answers.append(
            [_option(k, w) for k, w in zip(KINDS, astuple(grammar.read(text)), strict=True)]
        )
    return captions, torch.tensor(answers)


def _option(kind: tuple[str, ...], word: str) -> int:
    return kind.index(word) if word else len(kind)


def distracted(rng: np.random.Generator, text: str) -> str:
    """At times a word that the grammar does not hold, so that such words do no harm later."""
    if rng.random() > 0.2:
        return text
    letters = "".join(chr(97 + k) for k in rng.integers(0, 26, rng.integers(2, 8)))
    strange = letters if rng.random() < 0.5 else grammar.RARE_TOKENS[rng.integers(6)]
    said = text.split()
    said.insert(int(rng.integers(1, len(said) + 1)) if rng.random() < 0.4 else 1, strange)
    return " ".join(said)


def ids(words: CLIPTokenizer, captions: list[str]) -> Tensor:
    """Token numbers (B, 24), padded with the end token as CLIP does."""
    return words(
        captions, padding="max_length", truncation=True, max_length=POSITIONS, return_tensors="pt"
    ).input_ids
