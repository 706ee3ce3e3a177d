"""Words of a request with nothing left open: wildcards, LoRAs that are named, embeddings, weights.

What a user writes is resolved before it is keyed: a request holds the words that are encoded, each
LoRA and embedding by its hash, and how the words are read.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from studio.spec.adapter_use import MAX_LORAS, EmbeddingUse, LoraUse
from studio.spec.prompts import with_subject
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest
from studio.spec.strip import Source, Strip
from studio.spec.tags import Wanted, added_up, without_tags
from studio.spec.weights import has_weights
from studio.spec.wildcards import resolved

WEIGHTED = "weighted"
"""How words are read (`ClipRequest.reading`): with weights, in chunks of `CHUNK` tokens."""
CHUNK = 75
"""Tokens that CLIP reads at once, beside the marks of beginning and end."""
CLIP = ("SD 1.x", "SD 2.x", "SDXL")
"""Networks (`Part.network`) whose text encoders are read so."""
_NAMED = re.compile(r"(?i)\bembedding:([^\s,:()\[\]<>|]+)")
_WORD = re.compile(r"[^\s,:()\[\]<>|]+")


class Shelf(Protocol):
    """What lies on this computer by name."""

    def lora(self, name: str) -> LoraUse:
        """Refused where there is none, or it is something else."""
        ...

    def embedding(self, name: str) -> EmbeddingUse:
        """Refused where there is none."""
        ...

    def embeddings(self, words: Iterable[str]) -> tuple[EmbeddingUse, ...]:
        """Of words those that are called as an embedding is."""
        ...

    def lines(self, wildcard: str) -> tuple[str, ...] | None:
        """Of a wildcard's file."""
        ...

    def tokens(self, text: str) -> int:
        """How many CLIP makes of a text."""
        ...


def worded(request: ClipRequest, loras: Wanted, shelf: Shelf) -> ClipRequest:
    """A request as it was written, with its words resolved, and those LoRAs too that are chosen
    beside them; itself where there is nothing to resolve.  Refused where something named is missing.
    """
    prompt, named = _resolved(request.prompt, request.seed, shelf)
    negative, of_negative = _resolved(request.negative, request.seed, shelf)
    strip = request.strip and _strip(request.strip, request, shelf)
    wanted = added_up((*loras, *named, *of_negative))
    if len(wanted) > MAX_LORAS:
        raise Refusal(f"{len(wanted)} LoRAs are too many.", f"Use {MAX_LORAS} at most.")
    uses = tuple(replace(shelf.lora(name), strength=strength) for name, strength in wanted)
    request = replace(request, prompt=prompt, negative=negative, strip=strip, loras=uses)
    return _read(request, shelf)


def _resolved(text: str, seed: int, shelf: Shelf) -> tuple[str, Wanted]:
    return without_tags(resolved(text, seed, shelf.lines))


def _strip(strip: Strip, request: ClipRequest, shelf: Shelf) -> Strip:
    """With the words of its sources; LoRAs are the whole request's."""
    sources = tuple(_source(source, request, shelf) for source in strip.sources)
    return strip if sources == strip.sources else replace(strip, sources=sources)


def _source(source: Source, request: ClipRequest, shelf: Shelf) -> Source:
    if source.prompt is None:
        return source
    seed = request.seed if source.seed is None else source.seed
    prompt, named = _resolved(source.prompt, seed, shelf)
    if named:
        raise Refusal(
            "A LoRA cannot be named in the words of single keyframes.",
            "Name it in the shot's prompt: it is on for all of the shot.",
        )
    return source if prompt == source.prompt else replace(source, prompt=prompt)


def texts(request: ClipRequest) -> Iterator[str]:
    """All words that a request has."""
    yield request.prompt
    yield request.negative
    if request.strip:
        yield from (source.prompt for source in request.strip.sources if source.prompt)


def reads_weights(request: ClipRequest) -> bool:
    """Whether anything that takes its words reads weights."""
    return bool(networks(request) & set(CLIP))


def networks(request: ClipRequest) -> set[str]:
    """Those of the parts that take words: LoRAs made for these go on them."""
    roles = {"keyframes", "holes", "interpolator"}
    mine = [part for part in request.parts if roles & set(part.roles)]
    found = {network for part in mine for network in part.networks}
    return found or {""}


def _read(request: ClipRequest, shelf: Shelf) -> ClipRequest:
    """With its embeddings, and how its words are read."""
    if not reads_weights(request):
        return request
    every = tuple(texts(request))
    found: dict[str, EmbeddingUse] = {}
    for text in every:
        for name in _NAMED.findall(text):
            found[name] = shelf.embedding(name)
        for use in shelf.embeddings(_WORD.findall(_NAMED.sub(" ", text))):
            if use.network in networks(request):
                found[use.word] = use
    is_weighted = any(has_weights(text) for text in every)
    if found or is_weighted or _is_long(request, every, shelf):
        return replace(request, embeddings=tuple(found.values()), reading=WEIGHTED)
    return request


def _is_long(request: ClipRequest, every: tuple[str, ...], shelf: Shelf) -> bool:
    use = request.subject
    for text in every:
        spoken = with_subject(text, use.token, use.class_noun) if use else text
        if len(spoken.encode(errors="replace")) > CHUNK and shelf.tokens(spoken) > CHUNK:
            return True
    return False


def used(embeddings: Iterable[EmbeddingUse], *written: str) -> tuple[EmbeddingUse, ...]:
    """Of embeddings those whose words stand in a text."""
    words = {word for text in written for word in _WORD.findall(text)}
    names = words | {name for text in written for name in _NAMED.findall(text)}
    return tuple(use for use in embeddings if use.word in names)


def is_read_otherwise(request: ClipRequest, *written: str) -> bool:
    """Whether texts may be encoded otherwise than as they stand, cut where the encoder ends."""
    if not request.reading:
        return False
    long = any(len(text.encode(errors="replace")) > CHUNK for text in written)
    return long or bool(used(request.embeddings, *written)) or any(map(has_weights, written))
