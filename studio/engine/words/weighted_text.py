"""Prompts with weights and of any length for CLIP, as A1111 encodes them (its emphasis "No norm").

A prompt is read in chunks of 75 tokens, each between its own marks; a chunk ends early at a comma within
its last 20 tokens, or at BREAK.  A token's embedding is multiplied by its weight.  A1111's "Original"
also scales a chunk so that its mean stays, which is near zero behind a norm: there it makes noise of
rounding.  Words that stand for embeddings (textual inversion) are read as their vectors.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from studio.spec.weights import BREAK, weighted
from studio.spec.wording import CHUNK

BACK = 20
"""Tokens before the end of a chunk among which a comma ends it."""
Vectors = Mapping[str, Tensor]
"""By word, vectors (n, D) that it stands for."""
Token = tuple[int, float]
"""Its number, or -1, -2… for the vectors of embeddings, and its weight."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A CLIP text encoder with its tokenizer; `states` says which of what it gives is read
    (B, L, D), and `asked` what it is asked for beside that."""

    tokenizer: Any
    encoder: Any
    vectors: Vectors = field(default_factory=dict)
    states: Callable[[Any], Tensor] = lambda out: out.last_hidden_state
    asked: Mapping[str, bool] = field(default_factory=dict)

    def chunks(self, prompt: str) -> list[list[Token]]:
        """A prompt's tokens, at most 75 in each, one chunk at least."""
        return _in_chunks(list(self._tokens(prompt)), self._comma())

    @torch.no_grad()
    def encoded(self, chunks: Sequence[Sequence[Token]]) -> tuple[Tensor, Any]:
        """Embeddings (1, L, D) of chunks one after the other, and what the encoder gave for the first."""
        ids = torch.tensor([self._ids(chunk) for chunk in chunks], device=self._device)
        weights = torch.tensor([_weights(chunk) for chunk in chunks], device=self._device)
        with self._reading_vectors():
            out = self.encoder(ids, **self.asked)
        states = self.states(out)
        if not bool((weights == 1).all()):
            states = (states.float() * weights[..., None]).to(states.dtype)
        return states.flatten(0, 1)[None], out

    @property
    def _device(self) -> Any:
        return next(self.encoder.parameters()).device

    def _comma(self) -> int:
        return self.tokenizer.convert_tokens_to_ids(",</w>")

    def _ids(self, chunk: Sequence[Token]) -> list[int]:
        tokenizer = self.tokenizer
        inside = [token for token, _ in chunk]
        left = CHUNK - len(inside)
        end = [tokenizer.eos_token_id] + [tokenizer.pad_token_id] * left
        return [tokenizer.bos_token_id, *inside, *end]

    def _tokens(self, prompt: str) -> Iterator[Token | None]:
        """None where a chunk is to end."""
        for text, weight in weighted(prompt):
            for piece in re.split(rf"\b({BREAK})\b", text):
                if piece == BREAK:
                    yield None
                else:
                    yield from ((token, weight) for token in self._numbers(piece))

    def _numbers(self, text: str) -> Iterator[int]:
        first = dict(self._firsts())
        names = "|".join(sorted(map(re.escape, first), key=len, reverse=True))
        pattern = rf"(?:(?i:embedding:))?(?<![\w-])({names})(?![\w-])" if first else r"(?!)"
        at = 0
        for found in re.finditer(pattern, text):
            yield from self._plain(text[at : found.start()])
            start = first[found[1]]
            yield from (start - k for k in range(len(self.vectors[found[1]])))
            at = found.end()
        yield from self._plain(text[at:])

    def _plain(self, text: str) -> list[int]:
        return self.tokenizer(
            text, add_special_tokens=False, truncation=False, verbose=False
        ).input_ids

    def _firsts(self) -> Iterator[tuple[str, int]]:
        """By word the number of its first vector: -1 and down."""
        at = -1
        for word, vectors in self.vectors.items():
            yield word, at
            at -= len(vectors)

    @contextmanager
    def _reading_vectors(self) -> Iterator[None]:
        """The encoder with an embedding table that knows the vectors; afterwards the one it had."""
        if not self.vectors:
            yield
            return
        parent = _table_owner(self.encoder)
        table = parent.token_embedding
        parent.token_embedding = _WithVectors(table, torch.cat(list(self.vectors.values())))
        try:
            yield
        finally:
            parent.token_embedding = table


class _WithVectors(nn.Module):
    """A table of token embeddings, and vectors for the numbers -1, -2…"""

    def __init__(self, table: nn.Embedding, vectors: Tensor) -> None:
        super().__init__()
        self.table = table
        self.vectors = vectors.to(table.weight.device, table.weight.dtype)

    def forward(self, ids: Tensor) -> Tensor:
        """(B, L) → (B, L, D)."""
        found = self.table(ids.clamp(min=0))
        own = self.vectors[(-1 - ids).clamp(min=0)]
        return torch.where((ids < 0)[..., None], own, found)


def _table_owner(encoder: Any) -> Any:
    """The module that holds the table, whatever version of the library it is from."""
    for module in encoder.modules():
        if isinstance(getattr(module, "token_embedding", None), nn.Embedding):
            return module
    raise ValueError("the text encoder has no table of tokens")


def _in_chunks(tokens: list[Token | None], comma: int) -> list[list[Token]]:
    chunks: list[list[Token]] = [[]]
    for token in tokens:
        if token is None:
            chunks.append([])
            continue
        if len(chunks[-1]) == CHUNK:
            chunks.append(_carried(chunks[-1], comma))
        chunks[-1].append(token)
    return chunks


def _carried(full: list[Token], comma: int) -> list[Token]:
    """What goes from a full chunk into the next: all after a comma near its end."""
    near = [at for at, (token, _) in enumerate(full) if token == comma and at >= CHUNK - BACK]
    if not near:
        return []
    after = full[near[-1] + 1 :]
    del full[near[-1] + 1 :]
    return after


def _weights(chunk: Sequence[Token]) -> list[float]:
    return [1.0, *(weight for _, weight in chunk), *[1.0] * (CHUNK + 1 - len(chunk))]


def padded(one: list[list[Token]], other: list[list[Token]]) -> None:
    """As many chunks in both: guidance compares embeddings of one length."""
    for short in (one, other):
        short += [[] for _ in range(max(len(one), len(other)) - len(short))]
