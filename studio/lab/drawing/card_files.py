"""What lies beside a model's card for its words and its subjects: `words.toml` and `grounds.png`."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from studio.spec.vocabulary import Vocabulary

WORDS, GROUNDS = "words.toml", "grounds.png"
PER_PLACE = 12
"""Grounds of each place; mirrored there are twice as many."""
HEAD = "# The words that this model was taught; of several phrases the plain one first.\n"


def write_words(folder: Path, vocabulary: Vocabulary) -> None:
    """The vocabulary as the card's reader takes it."""
    (folder / WORDS).write_text(as_toml(vocabulary), "utf-8")


def as_toml(vocabulary: Vocabulary) -> str:
    """A vocabulary as TOML, whose strings and lists are those of JSON."""
    lines = [
        f"nouns = {json.dumps(vocabulary.nouns)}",
        f"fallback = {json.dumps(vocabulary.fallback)}",
        f"besides = {json.dumps(vocabulary.besides)}",
        "\n[groups]",
    ]
    for name, meanings in vocabulary.groups:
        rows = (json.dumps(m[0] if len(m) == 1 else m) for m in meanings)
        lines.append(f"{json.dumps(name)} = [\n" + "".join(f"  {row},\n" for row in rows) + "]")
    lines.append("\n[kin]")
    lines += [f"{json.dumps(word)} = {json.dumps(noun)}" for word, noun in vocabulary.kin]
    return HEAD + "\n".join(lines) + "\n"


def write_grounds(folder: Path, places: Sequence[np.ndarray]) -> None:
    """A row for each place, its squares uint8 (N, s, s, 3) side by side."""
    rows = [np.concatenate(list(squares), 1) for squares in places]
    Image.fromarray(np.concatenate(rows)).save(folder / GROUNDS, optimize=True)
