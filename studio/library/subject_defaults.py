"""What a model's card says of words and of subjects: `words`, a file beside it, and `[subjects]`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.library.card_fields import (
    Check,
    checked,
    each,
    line,
    must,
    pair,
    real,
    whole,
    yes_or_no,
)
from studio.library.vocabulary_file import read_vocabulary
from studio.spec.subject_defaults import PathAugmentation, SubjectDefaults

NAME = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}\."
"""Of a file in the model's folder, up to its ending."""


def subject_defaults(content: Mapping[str, Any], folder: Path) -> SubjectDefaults:
    """What the content of a card says; ValueError, in a clause, for what may not stand there."""
    words = None
    if "words" in content:
        path = folder / _file("toml")("words", content["words"])
        must(path.is_file(), "words", path.name, "a file beside the card")
        words = read_vocabulary(path)
    table = content.get("subjects", {})
    must(isinstance(table, dict), "subjects", table, "a table")
    values = checked(table, SUBJECTS, ())
    if augmentation := values.pop("paths", None):
        path = folder / augmentation.pop("grounds")
        must(path.is_file(), "grounds", path.name, "a picture beside the card")
        values["paths"] = PathAugmentation(grounds=path, **augmentation)
    return SubjectDefaults(words=words, **values)


def _file(ending: str) -> Check:
    def check(name: str, value: object) -> str:
        right = isinstance(value, str) and re.fullmatch(NAME + ending, value) is not None
        must(right, name, value, f"the name of a .{ending} file beside the card")
        return str(value)

    return check


def _paths(name: str, value: object) -> dict[str, Any]:
    must(isinstance(value, dict), name, value, "a table")
    assert isinstance(value, dict)
    empty = {"across": (), "upright": (), "in_place": ()}
    found = empty | checked(value, PATHS, ("places", "grounds"))
    must(any(found[way] for way in empty), name, "without a motion", "told at least one")
    return found


_phrases = each(line(100), 100)
PATHS: Mapping[str, Check] = {
    "across": _phrases,
    "upright": _phrases,
    "in_place": _phrases,
    "places": _phrases,
    "grounds": _file("png"),
    "share": real(0, 1),
    "per_prompt": whole(1, 100),
    "sizes": pair(real(0.05, 2)),
    "along": real(0, 2),
    "aside": real(0, 2),
    "rim": real(0.01, 1),
    "cut_out": yes_or_no,
}
SUBJECTS: Mapping[str, Check] = {
    "lora_rate": real(1e-9, 1),
    "dreambooth_rate": real(1e-9, 1),
    "batch": whole(1, 100),
    "prior_batch": whole(1, 100),
    "prior_weight": real(0, 100),
    "rank": whole(1, 1024),
    "steps": whole(1, 1_000_000),
    "prior_pictures": whole(1, 1000),
    "size": whole(16, 8192),
    "paths": _paths,
}
