"""What a scan found as people read it: a line for each model, by role, and how many there are.

A line says what a file is used for by itself, or in a sentence why a clip is not made with it alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from studio.library.card import read_card
from studio.library.derived.derive import derive
from studio.library.model_names import name_of
from studio.library.recognition.found import Role
from studio.library.scan import Entry, Scan
from studio.library.seen_models import Gone
from studio.spec.card import Card
from studio.spec.quantities import count
from studio.spec.refusal import Refusal

UNKNOWN, MISSING = "unknown", "missing"
"""Roles of what is no model, and of what is not where it was."""
ORDER: tuple[str, ...] = (*get_args(Role), UNKNOWN, MISSING)
"""In which roles are listed."""
GONE = "It is not where it was: put it back, or remove its folder here."
OURS = "studio"
"""The spelling of a model that has a card."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model, or what is none and `why`.

    `id` is what a shot calls it by, `family` what it is or was made for, with its kind.  `uses` are
    roles of a clip that it fills by itself; where there are none `alone` says why.  `licence` is ""
    where nobody said it; `size` is in bytes, `precision` a word for its numbers.
    """

    id: str
    name: str
    role: str
    path: Path
    family: str = ""
    size: int = 0
    precision: str = ""
    licence: str = ""
    fits: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    alone: str = ""
    why: str = ""
    entry: Entry | None = None


def overview(
    scan: Scan, missing: Iterable[Gone] = (), licences: Mapping[Path, str] | None = None
) -> tuple[Listed, ...]:
    """A line for each entry, for each folder that could not be read and for each missing model, by
    role and name; `licences` are those of folders and of what lies in them."""
    lines = [
        *(_listed(entry, licences or {}) for entry in scan.entries),
        *(_unread(path) for path in scan.unread),
        *(Listed("", g.was.name, MISSING, g.was, g.what, why=GONE) for g in missing),
    ]
    return tuple(sorted(lines, key=lambda line: (ORDER.index(line.role), line.name.casefold())))


def roles_of(entry: Entry) -> list[str]:
    """What a file is used for by itself; [] where it is no model that a clip is made with alone."""
    if not entry.found or entry.found.spelling == OURS:
        return []
    try:
        return list(derive(name_of(entry.path), [entry]).card.roles)
    except Refusal:
        return []


def summary(found: Scan, most: int = len(ORDER)) -> str:
    """How many there are of each role, in a sentence; of the `most` frequent ones by name."""
    counts = found.counts()
    unknown = counts.pop(UNKNOWN, 0)
    kinds = [count(number, role) for role, number in list(counts.items())[:most]]
    if others := sum(list(counts.values())[most:]):
        kinds.append(count(others, "other"))
    if unknown:
        kinds.append(f"{unknown} {UNKNOWN}")
    return f"Found {', '.join(kinds)}." if kinds else "Found no models."


def _listed(entry: Entry, licences: Mapping[Path, str]) -> Listed:
    path, found = entry.path, entry.found
    name = entry.title or name_of(path)
    if found is None:
        return Listed(
            "",
            path.name,
            UNKNOWN,
            path,
            size=entry.size,
            why=_of_it(entry.why, path.name),
            entry=entry,
        )
    family = " ".join(filter(None, (found.family, found.variant)))
    licence = licences.get(next((p for p in (path, *path.parents) if p in licences), path), "")
    line = Listed(
        name_of(path), name, found.role, path, family, entry.size, entry.precision, licence,
        found.fits, entry=entry,
    )  # fmt: skip
    try:
        if found.spelling == OURS:
            return _with_card(line, read_card(path))
        return replace(line, uses=derive(line.id, [entry]).card.roles)
    except Refusal as refusal:
        return replace(line, alone=_of_it(refusal.what, line.id))


def _of_it(sentence: str, name: str) -> str:
    """A sentence about a name, beside which it stands."""
    return f"It{sentence.removeprefix(name)}" if sentence.startswith(f"{name} ") else sentence


def _with_card(line: Listed, card: Card) -> Listed:
    uses, licence = card.roles, card.licence or line.licence
    return replace(line, id=card.id, name=card.name, family="", uses=uses, licence=licence)


def _unread(path: Path) -> Listed:
    return Listed("", path.name or str(path), UNKNOWN, path, why=_reason(path))


def _reason(path: Path) -> str:
    try:
        there = path.exists()
    except OSError:
        there = True
    return "It cannot be read: allow reading it." if there else "It is not there now."
