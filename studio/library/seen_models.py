"""Which models lay where when somebody last looked: what was moved since, and what is missing.

A model is known again by its provisional identity, whatever it is called.  The record may be removed
at any time: then nothing is said to be moved or missing.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.durable import written_whole
from studio.library.cache_file import read_cache
from studio.library.program_folders import places_of
from studio.library.scan import Entry
from studio.spec.refusal import Refusal

VERSION = 1
LARGEST = 64_000_000
"""Bytes of the record."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A model that is not where it was: at `now` instead, or nowhere (None)."""

    was: Path
    what: str
    now: Path | None = None


def compared(
    entries: Iterable[Entry], folders: Iterable[Path], record: Path
) -> tuple[tuple[Gone, ...], tuple[Gone, ...]]:
    """What was moved and what is missing since the record was written; it is then written anew.

    A missing model stays on record while the folder that it lay in is one of `folders`.
    """
    known, there = _read(record), {str(e.path): e for e in entries if e.found and e.identity}
    new = {e.identity: e.path for path, e in there.items() if path not in known}
    roots = [place for folder in folders for place in (folder, *_places(folder))]
    moved, missing, kept = [], [], {}
    for path, fact in known.items():
        if path in there:
            continue
        if now := new.get(fact["identity"]):
            moved.append(Gone(Path(path), fact["what"], now))
        elif any(Path(path).is_relative_to(root) for root in roots):
            missing.append(Gone(Path(path), fact["what"]))
            kept[path] = fact
    seen = {p: {"identity": e.identity, "what": str(e.found)} for p, e in there.items()}
    _write(record, kept | seen)
    return tuple(moved), tuple(missing)


def _places(folder: Path) -> tuple[Path, ...]:
    try:
        return places_of(folder).folders
    except Refusal:
        return ()


def _read(record: Path) -> dict[str, dict[str, str]]:
    try:
        return {
            path: {"identity": str(fact["identity"]), "what": str(fact["what"])}
            for path, fact in read_cache(record, VERSION, LARGEST).get("models", {}).items()
        }
    except (KeyError, TypeError, AttributeError):
        return {}


def _write(record: Path, models: Mapping[str, object]) -> None:
    """What cannot be written is not known the next time; nothing else depends on it."""
    part = record.with_name(f".{record.name}.{secrets.token_hex(4)}.part")
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(record, part):
            part.write_text(json.dumps({"version": VERSION, "models": models}), "utf-8")
    except OSError:
        return
