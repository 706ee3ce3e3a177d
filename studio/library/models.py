"""Which models are on this computer: folders with a `model.toml`, read by their headers alone."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.spec.numbers import exact
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest, Family, Upsampling

CARD = "model.toml"
LARGEST_HEADER = 100_000_000


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be loaded: its folder, its family and the hashes of its weights by role.

    `small_vocabulary`: it knows the words of the starter's grammar only.
    """

    family: Family
    folder: Path
    weights: tuple[tuple[str, str], ...]
    small_vocabulary: bool = False


def scan(folders: Iterable[Path]) -> tuple[tuple[Model, ...], tuple[str, ...]]:
    """The models that work and, for each that does not, a sentence that says why."""
    models, troubles = [], []
    for card in (c for folder in folders for c in sorted(folder.glob(f"*/{CARD}"))):
        try:
            models.append(read(card.parent))
        except Refusal as refusal:
            troubles.append(str(refusal))
    return tuple(models), tuple(troubles)


def find(name: str, folders: Iterable[Path]) -> Model:
    """The model with that id; refused with the ids there are, or with what is wrong with it."""
    folders = tuple(folders)
    for place in (folder / name for folder in folders):
        if name and place.name == name and (place / CARD).is_file():
            return read(place)
    known = sorted(c.parent.name for folder in folders for c in folder.glob(f"*/{CARD}"))
    raise Refusal(f'There is no model called "{name}".', f"There is: {', '.join(known) or 'none'}.")


def promised(request: ClipRequest, folders: Iterable[Path]) -> Model:
    """The model that a request was made for, by the hashes it carries, however long it waited.

    Refused where other weights lie there by now: what is stored under a key is what the key says.
    """
    model = find(request.model, folders)
    if sorted(model.weights) != sorted(request.weights):
        raise Refusal(
            f"The model {model.family.name} was replaced since this was ordered.", "Order it again."
        )
    return model


def read(folder: Path) -> Model:
    """A model folder; a missing or truncated weight file is refused by name."""
    try:
        card = tomllib.loads((folder / CARD).read_text(encoding="utf-8"))
        family = _family(card["family"])
        roles = dict(card["weights"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refusal(f"The model card {folder / CARD} cannot be read.", "Restore it.") from error
    weights = tuple((role, identity(folder / file)) for role, file in roles.items())
    return Model(family, folder, weights, bool(card.get("small_vocabulary", False)))


def _family(said: Mapping[str, Any]) -> Family:
    parts: dict[str, Any] = {**said, "native_fps": exact(str(said["native_fps"]))}
    if "walked" in said:
        parts["walked"] = tuple(float(share) for share in said["walked"])
    if "upsampling" in said:
        parts["upsampling"] = Upsampling(**said["upsampling"])
    return Family(**parts)


def identity(path: Path) -> str:
    """BLAKE2b (32 hex digits) of a weight file, after its header has been checked."""
    check(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def check(path: Path) -> None:
    """Refuse a safetensors file that is missing, cut short, or something else, by its header.

    Costs milliseconds: the header says where the last tensor ends, and the file must end there.
    """
    advice = "Restore the file, or download the model again."
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, LARGEST_HEADER)))
            ends = [t["data_offsets"][1] for n, t in header.items() if n != "__metadata__"]
            whole = size == 8 + length + max(ends, default=0)
    except FileNotFoundError:
        raise Refusal(f"The weight file {path} is missing.", advice) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Refusal(f"{path} is not a safetensors file.", advice) from None
    if not whole:
        raise Refusal(f"The weight file {path} is cut short or damaged.", advice)
