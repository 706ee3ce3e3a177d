"""Words for an image model: encoded with a subject on, in guidance's two directions."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.engine.backbone import Backbone, encode_text
from studio.engine.lora.adapter import with_adapters
from studio.engine.lora.fitting import AdapterMatch, AdapterUse, Networks
from studio.engine.roles import Words
from studio.engine.words.second_text import encode_both
from studio.engine.words.weighted_text import Reader, padded
from studio.spec.prompts import with_subject
from studio.spec.quantities import count, listed
from studio.spec.weights import plain
from studio.spec.wording import CHUNK

NAMED = 6
"""Layers of a LoRA without a place that are named."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Embeddings (1, L, D) of the prompt and of what should not be seen; `pooled` (2, P): both as a
    whole, where the network reads that (Stable Diffusion XL)."""

    cond: Tensor
    uncond: Tensor
    pooled: Tensor | None = None


@contextmanager
def encoded(backbone: Backbone, words: Words, adapter: Path | None) -> Iterator[Prompt]:
    """The words encoded, with the subject and the LoRAs on meanwhile, in UNet and text encoders
    (`studio.engine.roles.Prompted`)."""
    text, subject = words.prompt, words.subject
    if subject is not None:
        text = with_subject(text, subject.token, subject.class_noun)
    with put_on(backbone, words, adapter):
        yield _both_ways(backbone, text, words)


@contextmanager
def put_on(
    networks: Networks | Mapping[str, nn.Module], words: Words, adapter: Path | None
) -> Iterator[None]:
    """The subject's adapter, then the LoRAs, on the networks; notes say how many layers matched."""
    use, adapters = words.subject, words.loras
    if use is not None and adapter is not None:
        adapters = (AdapterUse(adapter, use.strength, use.identity, use.name), *adapters)
    with with_adapters(networks, adapters) as matches:
        words.notes.extend(described(match) for match in matches[len(matches) - len(words.loras) :])
        yield


def described(match: AdapterMatch) -> str:
    """How much of a LoRA has a place, with the names of what has none."""
    counted = f"{match.name} matched {match.matched} of {count(match.layers, 'layer')}."
    if not match.missing:
        return counted
    return f"{counted} These have no place in this model: {listed(list(match.missing[:NAMED]))}" + (
        f" and {len(match.missing) - NAMED} more." if len(match.missing) > NAMED else "."
    )


def _both_ways(backbone: Backbone, text: str, words: Words) -> Prompt:
    if words.reading:
        if reads_weights(backbone):
            return _weighted(backbone, text, words)
        text, negative = plain(text), plain(words.negative)
    else:
        negative = words.negative
    if backbone.second is None:
        found = encode_text(backbone, [text, negative])
        return Prompt(found[:1], found[1:])
    (cond, of_it), (uncond, of_none) = (
        encode_both(backbone.text_encoder, backbone.tokenizer, backbone.second, words)
        for words in (text, negative)
    )
    return Prompt(cond, uncond, torch.cat([of_it, of_none]))


def reads_weights(backbone: Backbone) -> bool:
    """Whether its text encoder is CLIP as it was published: 75 tokens and two marks."""
    return backbone.text_encoder.config.max_position_embeddings == CHUNK + 2


def _weighted(backbone: Backbone, text: str, words: Words) -> Prompt:
    """With weights, embeddings and any length."""
    if backbone.second is None:
        reader = _reader(backbone.tokenizer, backbone.text_encoder, words)
        cond, uncond = (found for found, _ in _both(reader, text, words.negative))
        return Prompt(cond, uncond)
    first, second = _readers(backbone, words)
    one = _both(first, text, words.negative)
    two = _both(second, text, words.negative)
    found = [torch.cat([a[0], b[0]], -1) for a, b in zip(one, two, strict=True)]
    pooled = [out.text_embeds[:1] for _, out in two]
    for at, written in enumerate((text, words.negative)):
        if backbone.second.zeros and not written:
            found[at], pooled[at] = torch.zeros_like(found[at]), torch.zeros_like(pooled[at])
    return Prompt(found[0], found[1], torch.cat(pooled))


def _both(reader: Reader, *texts: str) -> list[tuple[Tensor, Any]]:
    chunks = [reader.chunks(text) for text in texts]
    padded(*chunks)
    return [reader.encoded(each) for each in chunks]


def _reader(tokenizer: Any, encoder: Any, words: Words) -> Reader:
    width = encoder.config.hidden_size
    return Reader(tokenizer, encoder, {e.word: e.vectors(width) for e in words.embeddings})


def _readers(backbone: Backbone, words: Words) -> tuple[Reader, Reader]:
    """SDXL's two: what the layer before the last gives is read."""
    assert backbone.second is not None
    first = _reader(backbone.tokenizer, backbone.text_encoder, words)
    two: Any = backbone.second.encoder
    width = two.config.hidden_size
    vectors = {e.word: e.vectors(width, second=True) for e in words.embeddings}
    second = Reader(backbone.second.tokenizer, two, vectors)
    of_both: Any = {"states": _penultimate, "asked": {"output_hidden_states": True}}
    return replace(first, **of_both), replace(second, **of_both)


def _penultimate(out: Any) -> Tensor:
    return out.hidden_states[-2]
