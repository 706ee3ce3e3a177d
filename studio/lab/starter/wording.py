"""Captions of clips: what the starter's words mean, worded in several ways and with gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.lab.drawing import grammar
from studio.lab.drawing.characters import EARS
from studio.lab.drawing.grammar import PLACES, SIZES, SPEEDS
from studio.lab.starter.animation import (
    CAMERAS,
    KINDS,
    MOTIONS,
    Scenes,
)
from studio.lab.starter.figures import HATS, NAMES, Figures
from studio.spec.subjects import RARE_TOKENS
from studio.spec.vocabulary import Vocabulary, known_words

Rng = np.random.Generator


def _taught(*words: str) -> dict[str, tuple[str, ...]]:
    """Phrases of the smaller grammar, by word."""
    return {word: grammar.PHRASES[word] for word in words}


PHRASES: dict[str, dict[str, tuple[str, ...]]] = {
    "kind": {
        **_taught(*grammar.SHAPES),
        "character": ("character", "creature", "figure"),
        "robot": ("robot", "android"),
        "monster": ("monster", "alien"),
        "animal": ("animal", "pet", "beast"),
        "toy": ("toy",),
    },
    "colour": {
        **_taught(*grammar.COLOURS),
        "grey": ("grey", "gray", "silver"),
        "brown": ("brown",),
        "black": ("black",),
    },
    "place": _taught(*grammar.PLACES),
    "motion": {
        "left": (*grammar.PHRASES["left"], "walking left"),
        "right": (*grammar.PHRASES["right"], "walking right"),
        **_taught("up", "down", "growing", "shrinking", "still"),
        "jumping": ("jumping", "hopping", "bouncing"),
        "spinning": ("spinning", "turning around", "rolling"),
        "waving": ("waving",),
    },
    "camera": {
        "steady": ("",),
        "left": ("the camera moves left", "the camera pans left"),
        "right": ("the camera moves right", "the camera pans right"),
        "up": ("the camera moves up",),
        "down": ("the camera moves down",),
        "closer": ("the camera zooms in", "the camera moves closer"),
        "away": ("the camera zooms out", "the camera moves away"),
    },
    "size": _taught(*grammar.SIZES),
    "speed": _taught(*grammar.SPEEDS),
    "hat": {
        "none": ("",),
        "cone": ("hat", "pointed hat", "cone"),
        "top hat": ("hat", "top hat"),
        "cap": ("hat", "cap"),
        "bow": ("bow",),
        "horns": ("horns",),
        "antenna": ("antenna",),
    },
    "ears": {
        "none": ("",),
        "pointed": ("pointed ears",),
        "round": ("round ears",),
        "long": ("long ears",),
    },
}
"""By attribute and word its phrases; the first phrase is the plain one."""

ASPECTS = {
    "kind": KINDS,
    "colour": NAMES,
    "place": PLACES,
    "motion": MOTIONS,
    "camera": CAMERAS,
    "size": SIZES,
    "speed": SPEEDS,
    "hat": HATS,
    "hat_colour": NAMES,
    "ears": EARS,
}
"""What a caption can say, and the words for it; -1 in a `Meanings` leaves it open."""

_DRAWN = {phrase for kind in ("kind", "hat") for row in PHRASES[kind].values() for phrase in row}
NOUNS = tuple(noun for noun in grammar.NOUNS if noun not in _DRAWN)
"""Everyday nouns that stand for nothing drawn here: taught as "something"."""

VOCABULARY = Vocabulary(
    groups=(
        *(
            (name, tuple(row for row in PHRASES[kind].values() if any(row)))
            for name, kind in {
                "Kinds": "kind",
                "Colours": "colour",
                "Places": "place",
                "Motions": "motion",
                "The camera": "camera",
                "Sizes": "size",
                "Speeds": "speed",
                "Hats": "hat",
                "Ears": "ears",
            }.items()
        ),
        ("Everyday nouns", tuple((noun,) for noun in NOUNS)),
    ),
    besides=("a", "an", "the", "and", "with", *RARE_TOKENS),
    nouns=("Everyday nouns", "Kinds"),
    kin=tuple(grammar.KIN.items()),
    fallback="thing",
)
"""The same as data, which lies beside the model (`words.toml`)."""
DROPPED = {
    "kind": 0.06, "colour": 0.25, "place": 0.08, "motion": 0.08, "camera": 0.05, "size": 0.15,
    "speed": 0.15, "hat": 0.45, "hat_colour": 0.3, "ears": 0.55,
}  # fmt: skip
"""How often each aspect is left out."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """What N clips show, one column an aspect of ASPECTS, index numbers; -1 where no word fits."""

    columns: np.ndarray

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, chosen: np.ndarray) -> "Meanings":
        return Meanings(self.columns[chosen])

    def column(self, aspect: str) -> np.ndarray:
        return self.columns[:, list(ASPECTS).index(aspect)]


def meanings(scene: Scenes, cast: Figures) -> Meanings:
    """What clips show, as far as there are words for it."""
    figure = scene.is_figure
    names = cast.names.cpu().numpy()[scene.who]
    hat, ears = (part.cpu().numpy()[scene.who] for part in (cast.hat, cast.ears))
    found = {
        "kind": scene.kind,
        "colour": np.where(figure, names[:, 0], scene.colour),
        "place": scene.place,
        "motion": scene.motion,
        "camera": scene.camera,
        "size": scene.size,
        "speed": scene.speed,
        "hat": np.where(figure, hat, 0),
        "hat_colour": np.where(figure & (hat > 0), names[:, 2], -1),
        "ears": np.where(figure, ears, 0),
    }
    return Meanings(np.stack([found[aspect] for aspect in ASPECTS], 1))


def left_open(rng: Rng, meant: Meanings, odds: dict[str, float] = DROPPED) -> Meanings:
    """The meanings with aspects left open at random; a speed needs a movement to speak of."""
    columns = meant.columns.copy()
    for k, aspect in enumerate(ASPECTS):
        columns[rng.random(len(columns)) < odds.get(aspect, 0.0), k] = -1
    at = {aspect: k for k, aspect in enumerate(ASPECTS)}
    still = np.isin(columns[:, at["motion"]], (-1, MOTIONS.index("still")))
    columns[still & (columns[:, at["camera"]] < 1), at["speed"]] = -1
    return Meanings(columns)


CHANCES = 2 * len(ASPECTS) + 1
"""Uniform numbers that settle how a caption is put."""


def caption(chances: Sequence[float], row: Sequence[int], noun: str = "") -> str:
    """One clip's words from its aspects; `noun` stands in for a kind that is left open."""
    phrases = {
        aspect: _say(chances[2 * k], chances[2 * k + 1], aspect, index)
        for k, (aspect, index) in enumerate(zip(ASPECTS, row, strict=True))
    }
    what = phrases["kind"] or noun or NOUNS[int(chances[-1] * len(NOUNS))]
    thing = _joined(phrases["size"], phrases["colour"], what)
    headwear = _joined(phrases["hat_colour"], phrases["hat"]) if phrases["hat"] else ""
    hat = headwear if phrases["hat"] == "horns" else _with_article(headwear)
    having = " and ".join(part for part in (hat, phrases["ears"]) if part)
    tail = (phrases["motion"], phrases["speed"], phrases["place"], phrases["camera"])
    return _joined(_with_article(thing), having and f"with {having}", *tail)


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _with_article(thing: str) -> str:
    return thing and f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def captions(rng: Rng, meant: Meanings, names: Sequence[str] | None = None) -> list[str]:
    """Fresh words for every clip, with gaps; one in ten says a noun alone for what is seen.

    `names` (one a clip, "" for none) are tokens that go before the noun, as a subject's does.
    """
    open_ones = left_open(rng, meant).columns
    nouns_alone = rng.random(len(open_ones)) < 0.1
    bare = [
        k for k, aspect in enumerate(ASPECTS) if aspect in ("colour", "hat", "ears", "hat_colour")
    ]
    open_ones[nouns_alone[:, None] & np.isin(np.arange(len(ASPECTS)), bare)] = -1
    made, chances = [], rng.random((len(open_ones), CHANCES)).tolist()
    for k, row in enumerate(open_ones.tolist()):
        text = caption(chances[k], row)
        name = names[k] if names else ""
        made.append(with_token(text, name) if name else text)
    return made


def with_token(text: str, token: str) -> str:
    """The caption with a token behind its article."""
    article, _, rest = text.partition(" ")
    return f"{article} {token} {rest}"


def words() -> frozenset[str]:
    """Every word that is taught, in lower case."""
    return known_words(VOCABULARY)


def _say(plainly: float, which: float, aspect: str, index: int) -> str:
    if index < 0:
        return ""
    phrases = PHRASES["colour" if aspect == "hat_colour" else aspect]
    options = phrases[ASPECTS[aspect][index]]
    return options[0] if plainly < 0.6 else options[int(which * len(options))]
