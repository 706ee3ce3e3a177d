"""Train the starter's text encoder to name what a caption says, before any picture is drawn.

No single frame would ever teach it words of motion.  A word that nobody knows is not ignored: what
comes out must tell which it was, so that a subject's rare token has something to bind to.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextModel, CLIPTokenizer

from studio.engine.subjects.loop import Plan
from studio.lab.starter import animation, wording
from studio.lab.starter.figures import Figures
from studio.lab.starter.tokenizer import WIDTH, fresh, word_tokenizer
from studio.lab.starter.wording import ASPECTS, RARE_TOKENS
from studio.lab.training.trainer import train as learn
from studio.spec.progress import Tick, silent

POSITIONS = 32
BITS = 12
"""Bits of a hash by which unknown words are told apart."""
UNKNOWN_PROBABILITY = 0.3
"""How often a caption holds a word that nobody knows."""


def tokenizer() -> CLIPTokenizer:
    """Byte-level BPE in CLIP's layout; every word that is taught is one token."""
    return word_tokenizer(wording.words(), POSITIONS)


class Reader(nn.Module):
    """A text encoder with a small head for every aspect, and one for the unknown word."""

    def __init__(self, encoder: CLIPTextModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleList(nn.Linear(WIDTH, len(kind) + 1) for kind in ASPECTS.values())
        self.strange = nn.Linear(WIDTH, BITS)

    def forward(self, ids: Tensor) -> tuple[list[Tensor], Tensor]:
        """Token numbers (B, POSITIONS) to scores (B, options + 1) by aspect, and bits (B, BITS)."""
        out = self.encoder(ids)
        pooled = out.pooler_output + out.last_hidden_state[:, -1]
        return [head(pooled) for head in self.heads], self.strange(pooled)


def train(
    cast: Figures,
    seed: int,
    steps: int,
    folder: Path,
    *,
    batch: int = 128,
    device: str | torch.device = "cpu",
    seconds: float | None = None,
    tick: Tick = silent,
) -> tuple[CLIPTokenizer, CLIPTextModel]:
    """The tokenizer and the encoder, frozen."""
    words = kept_tokenizer(folder / "tokenizer")
    reader = Reader(fresh(words, seed)).to(device)
    plan = Plan("text encoder", steps, rate=1e-3, ema=0.99, checkpoint_seconds=120)

    def loss_at(step: int, done: float) -> Tensor:
        captions, answers, bits = examples(np.random.default_rng((seed, step, 2)), cast, batch)
        scores, predicted = reader(ids(words, captions).to(device))
        answers, bits = answers.to(device), bits.to(device)
        named = sum(F.cross_entropy(s, answers[:, k]) for k, s in enumerate(scores))
        known = bits[:, 0] >= 0
        bit_loss = F.binary_cross_entropy_with_logits(
            predicted, bits.clamp_min(0), reduction="none"
        )
        return named + (bit_loss.mean(1) * known).sum() / known.sum().clamp_min(1)

    learn(reader, loss_at, plan, folder, seconds=seconds, tick=tick)
    return words, reader.encoder


def kept_tokenizer(folder: Path) -> CLIPTokenizer:
    """The run's tokenizer, written once: after a change of the words, these count otherwise."""
    if not folder.exists():
        tokenizer().save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def examples(
    rng: np.random.Generator, cast: Figures, count: int
) -> tuple[list[str], Tensor, Tensor]:
    """Captions, their aspects (B, A), the last option being "left open", and bits (B, BITS) of the
    unknown word in each, -1 where there is none."""
    scene = animation.scenes(rng, count, cast, 1)
    meant = wording.left_open(rng, wording.meanings(scene, cast)).columns
    captions, bits = [], np.full((count, BITS), -1.0, np.float32)
    chances = rng.random((count, wording.CHANCES)).tolist()
    for k, row in enumerate(meant.tolist()):
        text = wording.caption(chances[k], row)
        if rng.random() < UNKNOWN_PROBABILITY:
            word = strange_word(rng)
            text, bits[k] = wording.with_token(text, word), bits_of(word)
        captions.append(text)
    options = np.asarray([len(kind) for kind in ASPECTS.values()])
    return captions, torch.from_numpy(np.where(meant < 0, options, meant)), torch.from_numpy(bits)


def strange_word(rng: np.random.Generator) -> str:
    """A rare token, or letters at random."""
    if rng.random() < 0.4:
        return RARE_TOKENS[rng.integers(len(RARE_TOKENS))]
    return "".join(chr(97 + k) for k in rng.integers(0, 26, rng.integers(2, 6)))


def bits_of(word: str) -> np.ndarray:
    """BITS of a hash, 0 or 1."""
    digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big")
    return np.asarray([(digest >> k) & 1 for k in range(BITS)], np.float32)


def ids(words: CLIPTokenizer, captions: Sequence[str]) -> Tensor:
    """Token numbers (B, POSITIONS), padded with the end token as CLIP does.

    Captions are letters and spaces: each word is looked up once, however often it occurs.
    """
    split = [text.split() for text in captions]
    known = sorted({word for parts in split for word in parts})
    tokens = words(known, add_special_tokens=False).input_ids if known else []
    table = dict(zip(known, tokens, strict=True))
    rows = np.full((len(captions), POSITIONS), words.eos_token_id, np.int64)
    start: Any = words.bos_token_id  # annotated as if it might be a list
    rows[:, 0] = start
    for row, parts in zip(rows, split, strict=True):
        numbers = [number for word in parts for number in table[word]][: POSITIONS - 2]
        row[1 : 1 + len(numbers)] = numbers
    return torch.from_numpy(rows)


@torch.no_grad()
def encode(words: CLIPTokenizer, encoder: CLIPTextModel, captions: Sequence[str]) -> Tensor:
    """Captions to token embeddings (N, POSITIONS, WIDTH) fp16, where the encoder is."""
    numbers = ids(words, captions).to(encoder.device)
    parts = [encoder(part).last_hidden_state.half() for part in numbers.split(2048)]
    return torch.cat(parts)
