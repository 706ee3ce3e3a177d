"""LoRAs and embeddings as a scan saw them: asked at every key that is typed, so that nothing is opened.

Hashes are those that were computed before; a file that was never read is read first (`read`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.library.answers import Answers
from studio.library.model_names import name_of
from studio.library.scan import scan
from studio.library.scan_index import Index
from studio.library.shelf import (
    EMBEDDING,
    LORA,
    clip_counter,
    identity_of,
    kind_of,
    known_loras,
    lora_use,
)
from studio.library.tensor_hash import known_hash
from studio.library.wildcard_files import Wildcards
from studio.spec.adapter_use import EmbeddingUse, LoraUse
from studio.spec.progress import Tick, silent
from studio.spec.refusal import Refusal, shown


@dataclass(frozen=True, slots=True)
class Known:
    """A LoRA or embedding: what it was made for, its hash, "" where it was never read, that by which a
    moved file is known again, and what its user says that it is like (`studio.spec.distilled`)."""

    name: str
    path: Path
    role: str
    network: str = ""
    identity: str = ""
    variant: str = ""
    provisional: str = ""
    like: str = ""


class Unread(Refusal):
    """A file that a shot names was never read; it is about to be."""

    def __init__(self, known: Known) -> None:
        super().__init__(f"“{known.name}” is read for the first time.", "It takes a moment.")
        self.known = known


@dataclass(frozen=True)
class KnownShelf:
    """Implements `studio.spec.wording.Shelf`."""

    entries: tuple[Known, ...] = ()
    wildcards: Wildcards = field(default_factory=Wildcards)
    answers: Answers = field(default_factory=Answers, compare=False)

    @property
    def loras(self) -> tuple[Known, ...]:
        """Every LoRA, by name."""
        found = (known for known in self.entries if known.role == LORA)
        return tuple(sorted(found, key=lambda known: known.name.casefold()))

    def distilled(self) -> tuple[LoraUse, ...]:
        """LoRAs that make few steps do, of those that were read and have a name of their own."""
        return tuple(known_loras(self, (one.name for one in self.loras if one.identity)))

    def lora(self, name: str) -> LoraUse:
        known = self._one(name, LORA)
        return lora_use(known.name, known.identity, known.network, known.like)

    def embedding(self, name: str) -> EmbeddingUse:
        known = self._one(name, EMBEDDING)
        return EmbeddingUse(name, known.identity, known.network)

    def embeddings(self, words: Iterable[str]) -> tuple[EmbeddingUse, ...]:
        there = {known.name for known in self.entries if known.role == EMBEDDING}
        return tuple(self.embedding(word) for word in dict.fromkeys(words) if word in there)

    def lines(self, wildcard: str) -> tuple[str, ...] | None:
        return self.wildcards.lines(wildcard)

    def tokens(self, text: str) -> int:
        return clip_counter()(text)

    def with_read(self, known: Known) -> "KnownShelf":
        """With what was read since."""
        entries = tuple(known if each.path == known.path else each for each in self.entries)
        return replace(self, entries=entries)

    def with_answer(self, known: Known, like: str) -> "KnownShelf":
        """With what a LoRA is like, which is kept with the file."""
        self.answers.keep(known.provisional, like)
        same = {one.path for one in self.entries if one.provisional == known.provisional}
        entries = (replace(one, like=like) if one.path in same else one for one in self.entries)
        return replace(self, entries=tuple(entries))

    def _one(self, name: str, role: str) -> Known:
        low = name.casefold().removesuffix(".safetensors")
        found = [known for known in self.entries if known.name.casefold() == low]
        of_role = [known for known in found if known.role == role]
        if not of_role:
            is_other = f"“{shown(name)}” is no {role}." if found else ""
            raise Refusal(
                is_other or f"There is no {role} called “{shown(name)}”.",
                "Choose another, or add its folder in the library.",
            )
        for known in of_role:
            if not known.identity:
                raise Unread(known)
        if len({known.identity for known in of_role}) > 1:
            places = "; ".join(str(known.path) for known in of_role)
            raise Refusal(f"Several are called “{shown(name)}”: {places}.", "Rename all but one.")
        return of_role[0]


def known_shelf(
    folders: Iterable[Path], own_wildcards: Path, index: Path, answers: Answers | None = None
) -> KnownShelf:
    """What lies in the folders now, by headers that were read before or are read now."""
    folders, answers = tuple(folders), answers or Answers()
    entries = tuple(
        Known(
            name_of(entry.path), entry.path, kind_of(entry.found.role), entry.found.family,
            identity_of(entry.path) if known_hash(entry.path) else "", entry.found.variant,
            entry.identity, answers.of(entry.identity),
        )
        for entry in scan(folders, Index(index)).entries
        if entry.found and kind_of(entry.found.role) in (LORA, EMBEDDING) and entry.path.is_file()
    )  # fmt: skip
    return KnownShelf(entries, Wildcards.beside(own_wildcards, folders), answers)


def read(known: Known, tick: Tick = silent) -> Known:
    """With its hash, which takes reading the file."""
    return replace(known, identity=identity_of(known.path, tick))
