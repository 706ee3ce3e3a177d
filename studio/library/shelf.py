"""LoRAs, embeddings and wildcards of the user's, by name: only files that bear a name are opened.

Implements `studio.spec.wording.Shelf`.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from studio.library import weight_files
from studio.library.answers import Answers
from studio.library.in_place import named_places
from studio.library.reading import CLIP
from studio.library.recognition.video_networks import named_expert
from studio.library.scan import Entry, looked_at
from studio.library.tensor_hash import tensor_hash
from studio.library.wildcard_files import Wildcards
from studio.spec.adapter_use import EXPERTS, EmbeddingUse, LoraUse
from studio.spec.clip_tokens import counter
from studio.spec.clip_words import vocabulary
from studio.spec.distilled import few_steps, few_steps_of, likes, may_be_distilled
from studio.spec.progress import Tick, silent
from studio.spec.quantities import listed
from studio.spec.refusal import Refusal, shown
from studio.spec.wording import Shelf

LORA, EMBEDDING = "LoRA", "embedding"
LORAS = (LORA, "motion LoRA")
"""Roles of files that go on as LoRAs."""
SCALES = ("lora_adapter_metadata", "studio")
"""Notes in a header that decide how strong a LoRA is."""
TWO = "Wan 14B"
"""The network of which Wan 2.2 has two, for high and for low noise."""
BESIDE = "adapter_config.json"
"""PEFT's, which does the same."""


@dataclass
class FoundShelf:
    """What lies in folders of models, and wildcards in theirs."""

    folders: Iterable[Path]
    wildcards: Wildcards = field(default_factory=Wildcards)
    tick: Tick = silent
    answers: Answers = field(default_factory=Answers)
    _places: Mapping[str, list[Path]] | None = None

    def lora(self, name: str) -> LoraUse:
        """A LoRA by its file's name, in any case, with or without its ending."""
        entry, identity = self._one(name, LORA)
        assert entry.found is not None
        like = self.answers.of(entry.identity)
        return lora_use(_named(name, entry), identity, entry.found.family, like)

    def distilled(self) -> tuple[LoraUse, ...]:
        """LoRAs that make few steps do; what is not called so is opened only where there are answers."""
        named, answered = self._named, self.answers.any
        asked = (
            n for n in named if may_be_distilled(n) or (answered and self._is_answered(named[n]))
        )
        return tuple(known_loras(self, asked))

    def answer(self, name: str, like: str) -> None:
        """Keep what a LoRA is like (`studio.spec.distilled`), "" for nothing of that kind."""
        entry, _ = self._one(name, LORA)
        assert entry.found is not None
        if like and not few_steps(like, entry.found.family):
            fitting = listed(list(likes(entry.found.family))) or "none of these"
            raise Refusal(
                f"“{shown(name)}” is for {entry.found.family}; “{shown(like)}” is not.",
                f"It may be like {fitting}.",
            )
        self.answers.keep(entry.identity, like)

    def _is_answered(self, places: list[Path]) -> bool:
        return any(self.answers.of(looked_at(place).identity) for place in places)

    def embedding(self, name: str) -> EmbeddingUse:
        entry, identity = self._one(name, EMBEDDING)
        assert entry.found is not None
        return EmbeddingUse(name, identity, entry.found.family)

    def embeddings(self, words: Iterable[str]) -> tuple[EmbeddingUse, ...]:
        """Of words those that are called as an embedding is, exactly."""
        found = []
        for word in dict.fromkeys(words):
            if any(_is(looked_at(place), EMBEDDING) for place in self._named.get(word, ())):
                found.append(self.embedding(word))
        return tuple(found)

    def lines(self, wildcard: str) -> tuple[str, ...] | None:
        return self.wildcards.lines(wildcard)

    def tokens(self, text: str) -> int:
        return clip_counter()(text)

    def file(self, use: LoraUse | EmbeddingUse) -> Path:
        """Where that lies which a request was made for; refused where it was replaced since."""
        name = use.name if isinstance(use, LoraUse) else use.word
        for place in self._bearing(name):
            if place.is_file() and identity_of(place, self.tick) == use.identity:
                return place
        kind = LORA if isinstance(use, LoraUse) else EMBEDDING
        raise Refusal(
            f"The {kind} “{shown(name)}” was replaced or moved since this was ordered.",
            "Order it again, or put it back.",
        )

    @property
    def _named(self) -> Mapping[str, list[Path]]:
        if self._places is None:
            self._places = named_places(self.folders)
        return self._places

    def _bearing(self, name: str) -> list[Path]:
        bare = name.replace("\\", "/").rpartition("/")[2]
        for ending in weight_files.SUFFIXES:
            bare = bare.removesuffix(ending)
        if bare in self._named:
            return self._named[bare]
        low = bare.casefold()
        return [
            p for known, places in self._named.items() if known.casefold() == low for p in places
        ]

    def _one(self, name: str, role: str) -> tuple[Entry, str]:
        entries = [looked_at(place) for place in self._bearing(name)]
        fitting = [entry for entry in entries if _is(entry, role)]
        if not fitting:
            raise self._missing(name, role, entries)
        identities = {identity_of(entry.path, self.tick): entry for entry in fitting}
        if len(identities) > 1:
            places = listed([str(entry.path) for entry in fitting])
            raise Refusal(f"Several are called “{shown(name)}”: {places}.", "Rename all but one.")
        return next((entry, identity) for identity, entry in identities.items())

    def _missing(self, name: str, role: str, entries: list[Entry]) -> Refusal:
        for entry in entries:
            if entry.found:
                return Refusal(f"“{shown(name)}” is “{entry.found}”, no {role}.", "Choose another.")
            return Refusal(entry.why, "Use another file, or convert it: library convert.")
        return Refusal(
            f"There is no {role} called “{shown(name)}”.",
            "Add its folder: library add DIR. What there is: library list.",
        )


def known_loras(shelf: Shelf, names: Iterable[str]) -> Iterator[LoraUse]:
    """Of LoRAs by name those that were distilled to few steps, but for names that mean several."""
    for name in dict.fromkeys(names):
        with suppress(Refusal):
            use = shelf.lora(name)
            if few_steps_of(use):
                yield use


def lora_use(name: str, identity: str, network: str, like: str = "") -> LoraUse:
    """A LoRA for a network; of Wan's two transformers for the one that its name says."""
    noise = named_expert(name) if network == TWO else ""
    expert = next((expert for expert in EXPERTS if expert and expert in noise), "")
    return LoraUse(name, identity, network=network, expert=expert, like=like)


def _is(entry: Entry, role: str) -> bool:
    return entry.found is not None and kind_of(entry.found.role) == role


def kind_of(role: str) -> str:
    """A role of files as words name it: every kind of LoRA is one."""
    return LORA if role in LORAS else role


def _named(name: str, entry: Entry) -> str:
    from studio.library.model_names import name_of

    return name_of(entry.path) or name


def identity_of(path: Path, tick: Tick = silent) -> str:
    """The hash of its tensors and, where they are there, of the notes that decide their scale."""
    found = tensor_hash(path, tick)
    header = weight_files.read(path).metadata
    notes = {name: header[name] for name in SCALES if name in header}
    beside = path.with_name(BESIDE)
    if path.name.startswith("adapter_model") and beside.is_file():
        notes[BESIDE] = beside.read_text("utf-8")
    if not notes:
        return found
    text = json.dumps([found, notes], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@cache
def clip_counter() -> Callable[[str], int]:
    """Counts CLIP's tokens; its merges are read once, which takes a moment."""
    with gzip.open(CLIP, "rt", encoding="utf-8") as file:
        return counter(vocabulary(file.read())[1])
