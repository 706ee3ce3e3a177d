"""Words for an image model: encoded with a subject on, in guidance's two directions."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from studio.engine.adapter import adapted, check_bare
from studio.engine.backbone import Backbone, encode_text
from studio.engine.roles import Words
from studio.spec.prompts import with_subject


@dataclass(frozen=True, slots=True)
class Prompt:
    """Embeddings (1, L, D) of the prompt and of what should not be seen."""

    cond: Tensor
    uncond: Tensor


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
        found = encode_text(backbone, [text, words.negative])
        yield Prompt(found[:1], found[1:])
