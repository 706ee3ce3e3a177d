"""Models without a card, found by their names where they lie: only what bears a name is opened.

Nothing is remembered, so that a file which was moved inside the folders is found wherever it is.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, islice, product
from pathlib import Path

from studio.library.derived.derive import derive
from studio.library.derived.derived import JOINED, Derived
from studio.library.hashes import KNOWN
from studio.library.model_names import name_of
from studio.library.scan import Entry, looked_at, places
from studio.library.settings import settings_of
from studio.library.tensor_hash import known_hash, tensor_hash
from studio.spec.components import SETTINGS
from studio.spec.progress import Tick, silent
from studio.spec.refusal import Refusal

MOST = 16
"""Models of one name that are looked at."""
WORDED, WORDS = ("wan", "text"), ("spiece.model", "tokenizer.model")
"""A family's component, and the files beside it that its tokenizer is read from; beside all others
lies the config of a motion module or an autoencoder as diffusers has it."""
MOST_COMBINED = 500
"""Models, single and joined, that are offered at once."""


def bearing(name: str, folders: Iterable[Path]) -> Iterator[Derived | Refusal]:
    """The models of that name, or why a file of that name is none; "a+b" are two used together."""
    by_name = named_places(folders)
    parts = [name] if name in by_name else name.split(JOINED)
    if not all(part in by_name for part in parts):
        return
    entries: dict[Path, Entry] = {}
    for chosen in islice(product(*(by_name[part] for part in parts)), MOST):
        for place in chosen:
            entries.setdefault(place, looked_at(place))
        try:
            yield derive(name, [entries[place] for place in chosen])
        except Refusal as refusal:
            yield refusal


def named_places(folders: Iterable[Path]) -> Mapping[str, list[Path]]:
    """By name, the weight files and pipelines in the folders; no file is opened."""
    found: dict[str, list[Path]] = {}
    for place in places(folders):
        found.setdefault(name_of(place), []).append(place)
    return found


def the_one(name: str, folders: Iterable[Path], tick: Tick = silent) -> Derived | None:
    """The model of that name; None where no file bears it.

    Refused with what is wrong with it, or where several bear the name and differ.
    """
    found = list(bearing(name, folders))
    models = [model for model in found if isinstance(model, Derived)]
    if not models:
        if found and isinstance(found[0], Refusal):
            raise found[0]
        return None
    if len(models) > 1 and len({weights(model, tick) for model in models}) > 1:
        places = "; ".join(sorted(_where(model) for model in models))
        raise Refusal(f"Several models are called “{name}”: {places}.", "Rename all but one.")
    return models[0]


def read_before(folders: Iterable[Path]) -> Iterator[Derived]:
    """The models whose weights were all hashed since they were last written: of checkpoints and motion
    modules every pair, with each SparseCtrl and without; of Wan's transformers each, or both experts,
    with every text encoder, autoencoder and picture encoder that it fits."""
    one = [places[0] for places in named_places(folders).values() if len(places) == 1]
    entries = [looked_at(place) for place in one if place.is_dir() or known_hash(place)]
    for chosen in islice(_combined(entries), MOST_COMBINED):
        try:
            model = derive(JOINED.join(name_of(entry.path) for entry in chosen), chosen)
        except Refusal:
            continue
        if all(known_hash(model.folder / file) for _, file in model.card.files):
            yield model


def _combined(entries: Iterable[Entry]) -> Iterator[tuple[Entry, ...]]:
    by_role: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.found:
            by_role.setdefault(entry.found.role, []).append(entry)
            yield (entry,)
    pairs = product(by_role.get("checkpoint", ()), by_role.get("motion module", ()))
    for pair in pairs:
        yield pair
        yield from ((*pair, control) for control in by_role.get("control", ()))
    yield from _with_partners(by_role)


def _with_partners(by_role: Mapping[str, list[Entry]]) -> Iterator[tuple[Entry, ...]]:
    """Wan's single files; what does not fit together is told by `derive`."""
    wan = [e for e in by_role.get("video model", ()) if e.found and e.found.family == "Wan"]
    files = [entry for entry in wan if not entry.path.is_dir()]
    networks = [(entry,) for entry in files] + list(combinations(files, 2))
    texts, codecs = by_role.get("text encoder", []), by_role.get("autoencoder", [])
    seeing = [(), *((entry,) for entry in by_role.get("image encoder", ()))]
    for network, text, codec, eyes in product(networks, texts, codecs, seeing):
        yield (*network, text, codec, *eyes)


def weights(model: Derived, tick: Tick = silent) -> tuple[tuple[str, str], ...]:
    """By component the hash of its tensors, and that of all settings that loaders read."""
    card, folder = model.card, model.folder
    hashes = {
        file: tensor_hash(folder / file, tick)
        for file in dict.fromkeys(file for _, file in card.files)
    }
    found = tuple((name, hashes[file]) for name, file in card.files)
    settings = hashlib.blake2b(settings_of(folder, card.family).encode(), digest_size=16)
    for component, file in card.files:
        for name in WORDS if (card.family, component) == WORDED else ("config.json",):
            beside = (folder / file).with_name(name)
            if Path(file).is_absolute() and beside.is_file():
                settings.update(KNOWN.of(beside).encode())
    return (*found, (SETTINGS, settings.hexdigest()))


def _where(model: Derived) -> str:
    return str(model.folder / model.card.files[0][1])
