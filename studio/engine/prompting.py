"""Words for an image model: encoded with a subject on, in guidance's two directions."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.engine.adapter import adapted, check_bare
from studio.engine.backbone import Backbone, encode_text
from studio.engine.roles import Words
from studio.engine.second_text import encode_both
from studio.spec.prompts import with_subject


@dataclass(frozen=True, slots=True)
class Prompt:
    """Embeddings (1, L, D) of the prompt and of what should not be seen; `pooled` (2, P): both as a
    whole, where the network reads that (Stable Diffusion XL)."""

    cond: Tensor
    uncond: Tensor
    pooled: Tensor | None = None


@contextmanager
def encoded(backbone: Backbone, words: Words, adapter: Path | None) -> Iterator[Prompt]:
    """The words encoded, with the subject on meanwhile, in UNet and text encoder
    (`studio.engine.roles.Prompted`)."""
    text, subject = words.prompt, words.subject
    check_bare(backbone)
    adapter_context: Any = nullcontext()
    if subject is not None:
        text = with_subject(text, subject.token, subject.class_noun)
        if adapter is not None:
            adapter_context = adapted(backbone, adapter, subject.strength, subject.identity)
    with adapter_context:
        yield _both_ways(backbone, text, words.negative)


def _both_ways(backbone: Backbone, text: str, negative: str) -> Prompt:
    if backbone.second is None:
        found = encode_text(backbone, [text, negative])
        return Prompt(found[:1], found[1:])
    (cond, of_it), (uncond, of_none) = (
        encode_both(backbone.text_encoder, backbone.tokenizer, backbone.second, words)
        for words in (text, negative)
    )
    return Prompt(cond, uncond, torch.cat([of_it, of_none]))
