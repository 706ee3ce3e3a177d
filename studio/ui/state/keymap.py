"""Which key does what: what the studio comes with, and what the user has put in its place.

{"version": 1, "keys": {"Timeline.split": ["Ctrl+K"], "Shot.render": []}}
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence

from studio.project.files import read_whole, write_whole
from studio.spec.refusal import Refusal

VERSION = 1
LARGEST = 1_000_000
"""Bytes of the file."""
Does = TypeVar("Does", bound=Any)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that a key does: in which group, its words, the keys it comes with.

    `everywhere`: it is heard beside text fields too, so that no letter alone can be its key.
    """

    group: str
    name: str
    words: str
    keys: tuple[str, ...]
    everywhere: bool = False

    @property
    def id(self) -> str:
        return f"{self.group}.{self.name}"


def entries_of(
    group: str, gestures: Mapping[str, Any], more: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Entry, ...]:
    """What a room offers; `more` are second keys by name."""
    return tuple(
        Entry(
            group,
            name,
            each.words,
            (*((each.key,) if each.key else ()), *(more or {}).get(name, ())),
        )
        for name, each in gestures.items()
    )


class Keymap(QObject):
    """The rooms offer what they do; the user's keys come from `file`, which may be damaged or absent."""

    changed = Signal()

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self.entries: dict[str, Entry] = {}
        self._chosen = _read(file)

    def offer(self, entries: Iterable[Entry]) -> None:
        """What can be given a key; those of one group are told apart by their names."""
        self.entries |= {entry.id: entry for entry in entries}

    def keys(self, id: str) -> tuple[str, ...]:
        """The keys of an entry, as Qt writes them; the first is shown."""
        return self._chosen.get(id, self.entries[id].keys)

    def is_own(self, id: str) -> bool:
        """Whether the user has chosen the key."""
        return id in self._chosen

    def find(self, group: str, event: QKeyEvent) -> str:
        """The name of what a key does in a group, "" for nothing."""
        key = written(event)
        ids = (id for id, entry in self.entries.items() if entry.group == group)
        found = next((id for id in ids if key in self.keys(id)), "")
        return self.entries[found].name if found else ""

    def keyed(self, group: str, gestures: Mapping[str, Does]) -> dict[str, Does]:
        """Gestures with the keys that they have now."""
        keys = {name: self.keys(f"{group}.{name}") for name in gestures}
        return {n: replace(g, key=keys[n][0] if keys[n] else "") for n, g in gestures.items()}

    def choose(self, id: str, key: str) -> None:
        """Give an entry this key, or none; refused where it means something else already."""
        if key and self.entries[id].everywhere and not _is_held(key):
            raise Refusal(f"{key} alone is typed into text fields.", "Hold Ctrl or Alt with it.")
        if key and (why := self.stands_against(id, key)):
            raise Refusal(why, "Give that another key first.")
        chosen = _twins(key) if key else ()
        self._keep({**self._chosen, id: chosen})

    def reset(self, id: str) -> None:
        """Give an entry the key back that it comes with; refused where another has that one now."""
        for key in self.entries[id].keys:
            if why := self.stands_against(id, key):
                raise Refusal(why, "Give that another key first.")
        self._keep({other: keys for other, keys in self._chosen.items() if other != id})

    def reset_all(self) -> None:
        """All keys as they come."""
        self._keep({})

    def stands_against(self, id: str, key: str) -> str:
        """Why a key cannot be an entry's, in a sentence; "" where it can."""
        entry = self.entries[id]
        for other in self.entries.values():
            near = other.group == entry.group or other.everywhere or entry.everywhere
            if other.id != id and near and key in self.keys(other.id):
                words = other.words.removesuffix(" …")
                return f"{key} means “{words}” already."
        return ""

    def _keep(self, chosen: Mapping[str, tuple[str, ...]]) -> None:
        self._chosen = dict(chosen)
        text = json.dumps({"version": VERSION, "keys": {k: list(v) for k, v in chosen.items()}})
        self.changed.emit()
        write_whole(self._file, text.encode())


def written(event: QKeyEvent) -> str:
    """A key as Qt writes it; those of the number pad are like the others."""
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    key = QKeyCombination(held, Qt.Key(event.key()))
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def _is_held(key: str) -> bool:
    """Whether a key is one that no text field wants: with Ctrl, Alt or Meta, or of the top row."""
    combination = QKeySequence(key)[0]  # type: ignore[index]
    shift = Qt.KeyboardModifier.ShiftModifier
    top = Qt.Key.Key_F1 <= combination.key() <= Qt.Key.Key_F35
    return top or bool(combination.keyboardModifiers() & ~shift)


def _twins(key: str) -> tuple[str, ...]:
    """A key, and the other Enter where it has one of the two."""
    for end in ("Return", "Enter"):
        if key.endswith(end):
            return f"{key.removesuffix(end)}Enter", f"{key.removesuffix(end)}Return"
    return (key,)


def _read(file: Path) -> dict[str, tuple[str, ...]]:
    """What was chosen; nothing where the file is not there, damaged, or of a newer studio."""
    try:
        stored = json.loads(read_whole(file, LARGEST))
        found = stored["keys"] if stored["version"] == VERSION else {}
        items = found.items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {
        id: tuple(keys)
        for id, keys in items
        if isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    }
