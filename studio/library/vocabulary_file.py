"""`words.toml` beside a model's card: the words that the model was taught, by what they say.

nouns = ["Nouns"]              # groups whose phrases can be what something is
fallback = "thing"             # the noun that stands in for one that is not known
besides = ["a", "the"]         # known words that are in no group
[groups]
Colours = [["red", "crimson"], "blue"]   # meanings; of several phrases the plain one first
[kin]
puppy = "dog"                  # what stands in for words that are not known
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from studio.library.card_fields import checked, each, line, must
from studio.spec.vocabulary import Vocabulary

LARGEST = 200_000
"""Bytes of the file."""
MAX_ENTRIES = 20_000
"""Entries of a list in it."""
_phrase = line(100)


def read_vocabulary(path: Path) -> Vocabulary:
    """The words in a file.  OSError where it cannot be read, ValueError where it says no words."""
    with path.open("rb") as file:
        text = file.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise ValueError(f"{path.name} is too long")
    return _parsed(text.decode("utf-8"), path.name)


@lru_cache(maxsize=16)
def _parsed(text: str, name: str) -> Vocabulary:
    try:
        found = Vocabulary(**checked(tomllib.loads(text), FIELDS, ("groups",)))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name} is not TOML") from error
    except ValueError as error:
        raise ValueError(f"in {name} {error}") from error
    known = {group for group, _ in found.groups}
    must(known.issuperset(found.nouns), "nouns", list(found.nouns), "names of groups")
    return found


def _groups(name: str, value: object) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    return tuple(
        (_phrase(name, group), each(_meaning, MAX_ENTRIES)(group, meanings))
        for group, meanings in _table(name, value).items()
    )


def _meaning(name: str, value: object) -> tuple[str, ...]:
    return (_phrase(name, value),) if isinstance(value, str) else each(_phrase, 100)(name, value)


def _kin(name: str, value: object) -> tuple[tuple[str, str], ...]:
    return tuple(
        (_phrase(name, word), _phrase(word, noun)) for word, noun in _table(name, value).items()
    )


def _table(name: str, value: object) -> Mapping[str, Any]:
    must(isinstance(value, dict) and len(value) <= MAX_ENTRIES, name, value, "a table")
    assert isinstance(value, dict)
    return value


FIELDS = {
    "groups": _groups,
    "besides": each(_phrase, MAX_ENTRIES),
    "nouns": each(_phrase, 100),
    "kin": _kin,
    "fallback": _phrase,
}
