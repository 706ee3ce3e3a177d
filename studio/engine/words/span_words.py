"""The words of a span, with the files of the LoRAs and embeddings that they name."""

from collections.abc import Callable
from pathlib import Path

from studio.engine.lora.fitting import AdapterUse
from studio.engine.roles import Words
from studio.engine.words.embeddings import EmbeddingFile
from studio.spec.adapter_use import EmbeddingUse, LoraUse
from studio.spec.meaning import embeddings_of, loras_of, words_of
from studio.spec.refusal import Refusal
from studio.spec.span import Span
from studio.spec.wording import is_read_otherwise


def no_file(use: LoraUse | EmbeddingUse) -> Path:
    raise Refusal("There is no file of this LoRA or embedding.", "Leave it out.")


def words(
    span: Span,
    file: Callable[[LoraUse | EmbeddingUse], Path] = no_file,
    notes: list[str] | None = None,
) -> Words:
    """Those of a span's part; `file` finds what they name, and `notes` gathers sentences for the
    user."""
    request, part = span.request, span.part
    prompt, subject = words_of(request, part, span.source)
    loras = tuple(
        AdapterUse(file(use), use.strength, name=use.name, expert=use.expert)
        for use in loras_of(request, part)
    )
    embeddings = tuple(
        EmbeddingFile(use.word, file(use)) for use in embeddings_of(request, part, span.source)
    )
    reading = request.reading if is_read_otherwise(request, prompt, request.negative) else ""
    return Words(
        prompt,
        request.negative,
        subject,
        loras,
        embeddings,
        reading,
        [] if notes is None else notes,
    )
