"""The file of a LoRA, an embedding, or of a subject's adapter."""

from pathlib import Path

from studio.library.shelf import FoundShelf
from studio.project.subjects import SubjectStore
from studio.spec.adapter_use import EmbeddingUse, LoraUse
from studio.spec.refusal import Refusal
from studio.spec.request import SubjectUse


def adapter_file(
    use: LoraUse | EmbeddingUse | SubjectUse, subjects: SubjectStore, shelf: FoundShelf
) -> Path | None:
    """Where it lies; None where it is not on this computer, which the job that needs it will say."""
    try:
        if isinstance(use, SubjectUse):
            return subjects.adapter_of(use.name, use.identity)
        return shelf.file(use)
    except Refusal:
        return None
