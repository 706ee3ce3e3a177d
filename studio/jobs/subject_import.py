"""A LoRA of somebody else as a version of a subject."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.jobs.payloads import ImportPayload
from studio.library import models as library
from studio.library import weight_files
from studio.library.derived.derived import layout
from studio.library.derived.stable_diffusion import FAMILIES
from studio.library.scan import looked_at
from studio.project.subject import MOST_STEPS, Subject
from studio.project.subjects import SubjectStore
from studio.spec.progress import silent
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    from studio.jobs.model_cache import ModelCache

MOST_WORDS = 8
"""Words that are shown, of those that a LoRA was taught."""
LONGEST = 60
"""Characters of such a word."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A LoRA as its header has it: what it was made for ("SD 1.x"), the words that it was taught, most
    frequent first, and its number of updates, 0 where it does not say."""

    file: Path
    network: str
    words: tuple[str, ...] = ()
    steps: int = 0


def look(file: Path) -> Brought:
    """What a file says of itself; refused where it is no LoRA that can be read."""
    entry = looked_at(file)
    if entry.found is None:
        raise Refusal(
            entry.why or f"{file.name} is no LoRA.", "Use a LoRA as .safetensors, or convert it."
        )
    if entry.found.role != "LoRA":
        raise Refusal(f"{file.name} is “{entry.found}”, no LoRA.", "Choose another file.")
    notes = weight_files.read(file).metadata
    steps = notes.get("ss_steps", "")
    known = int(steps) if steps.isdecimal() and int(steps) <= MOST_STEPS else 0
    return Brought(file, entry.found.family, trigger_words(notes), known)


def trigger_words(notes: Mapping[str, str]) -> tuple[str, ...]:
    """What a header says that the LoRA was taught by: its trigger phrase, its most frequent captions,
    and the name that its training gave it."""
    found = [notes.get("modelspec.trigger_phrase", "")]
    counts: dict[str, int] = {}
    for tags in _plain(notes.get("ss_tag_frequency", "")).values():
        for tag, often in tags.items() if isinstance(tags, dict) else ():
            counts[tag.strip()] = counts.get(tag.strip(), 0) + (
                often if isinstance(often, int) else 0
            )
    found += sorted(counts, key=lambda tag: -counts[tag])
    found.append(notes.get("ss_output_name", ""))
    short = (word.strip()[:LONGEST] for word in found if word.strip() not in ("", "None"))
    return tuple(dict.fromkeys(short))[:MOST_WORDS]


def _plain(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def matched(
    brought: Brought, model: str, folders: Iterable[Path], models: ModelCache
) -> tuple[str, str]:
    """How much of it has a place, in a sentence, and the network that it is for; in a model or, without
    one, in what its network was published as.  Refused where it goes on nothing."""
    from studio.engine.lora.importing import fitted, published
    from studio.engine.words.prompting import described

    network = brought.network
    if model:
        found = library.find(model, folders)
        if network and found.card.network and network != found.card.network:
            raise Refusal(
                f"{brought.file.name} was made for {network}; {found.card.name} is "
                f"{found.card.network}.",
                "Name a model that it fits.",
            )
        nets, network = _networks(found, models), found.card.network or network
    elif network in FAMILIES:
        nets = published(layout(FAMILIES[network]))
    else:
        raise Refusal(
            f"{brought.file.name} was made for {network or 'a network that nothing tells'}.",
            "Name a model that it goes on (--model), or choose it for the shot.",
        )
    return described(fitted(brought.file, nets)), network


def _networks(model: library.Model, models: ModelCache) -> Mapping[str, Any]:
    """The networks that LoRAs go on, with shapes alone."""
    from studio.engine.memory.needs import skeleton
    from studio.jobs.model_cache import student_of

    parts = skeleton(lambda on: models.opened(model, "keyframes", on, silent), models.device())
    return student_of(model, parts["keyframes"]).adapted


def bring_in(
    payload: ImportPayload, store: SubjectStore, folders: Iterable[Path], models: ModelCache
) -> dict[str, Any]:
    """Take a LoRA in as it was ordered; all is checked before anything is written."""
    brought = look(Path(payload.file))
    model = "" if brought.network in FAMILIES else payload.model
    sentence, network = matched(brought, model, folders, models)
    new = Subject(
        payload.subject,
        payload.class_noun,
        payload.token,
        is_person=payload.is_person,
        consent=payload.consent,
    )
    take_in(store, new if payload.class_noun else store.get(payload.subject), brought, network)
    return {"matched": sentence, "network": network, "words": list(brought.words)}


def take_in(store: SubjectStore, subject: Subject, brought: Brought, network: str) -> None:
    """Keep it among the versions of a subject, in use with every model of its network; a subject
    that is not there is made, and not left without what it was made for."""
    if is_new := subject.name not in store.names():
        store.adopt(subject, ())
    try:
        _keep(store, subject.name, brought, network)
    except BaseException:
        if is_new:
            store.delete(store.remove(subject.name))
        raise


def _keep(store: SubjectStore, name: str, brought: Brought, network: str) -> None:
    from studio.engine.lora.importing import whole

    with tempfile.TemporaryDirectory(prefix="studio-") as place:
        store.add_adapter(
            name,
            whole(brought.file, Path(place) / "adapter.safetensors"),
            method="lora",
            trained_steps=brought.steps,
            network=network,
            words=brought.words,
        )
