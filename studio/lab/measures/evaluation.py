"""The starter's figures: held-out prompts, what the oracle says of their clips, and the table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from studio.lab.drawing import grammar, scenes
from studio.lab.drawing.grammar import Meaning
from studio.lab.drawing.grounds import SIZE
from studio.lab.measures import oracle
from studio.lab.measures.flicker import flicker
from studio.lab.measures.oracle import Verdict

Prompt = tuple[str, Meaning]

_STREAM = 0x4556  # training's random streams are keyed (seed, index); these are (seed, index, this)
_Z = 1.959964  # the normal deviate that 95 % lie within


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    count: int

    @property
    def percent(self) -> float:
        """0..100; NaN of nothing."""
        return 100 * self.hits / self.count if self.count else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval in percent: sensible near 0 and 100, unlike the textbook's."""
        if not self.count:
            return 0.0, 100.0
        p, n = self.hits / self.count, self.count
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max(0.0, 100 * float(middle - half)), min(100.0, 100 * float(middle + half))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.percent:.1f} % ({low:.1f} to {high:.1f})"


@dataclass(frozen=True, slots=True)
class Table:
    """One column of the model card."""

    colour: Share
    shape: Share
    motion: Share
    smooth: Share
    together: Share
    flicker: float = float("nan")  # mean over the clips, levels of 255
    by_word: dict[str, Share] = field(default_factory=dict)  # each word's own attribute


def prompts(count: int, seed: int, *, unseen: float = 0.25) -> tuple[Prompt, ...]:
    """`count` prompts that name everything, with what they mean; the same for the same seed.

    Plain and synonym wording, no ambiguous pair of colour and ground, every motion equally often.
    The share `unseen` comes from the few triples of colour, shape and place that
    `grammar.held_out` keeps from training, the rest from all triples; the seed's streams are never
    those of training.
    """
    return tuple(
        _prompt(np.random.default_rng((seed, i, _STREAM)), i, unseen) for i in range(count)
    )


def _prompt(rng: np.random.Generator, index: int, unseen: float) -> Prompt:
    triples = _triples(unseen=bool(rng.random() < unseen))
    colour, shape, place = triples[rng.integers(len(triples))]
    motion = grammar.MOTIONS[index % len(grammar.MOTIONS)]
    drawn = scenes.random_meaning(rng)
    speed = "normally" if motion == "still" else drawn.speed
    meaning = Meaning(colour, shape, place, motion, drawn.size, speed)
    prompt = grammar.caption(meaning, lambda options: options[_plain_or_not(rng, len(options))])
    return prompt, meaning


def _plain_or_not(rng: np.random.Generator, options: int) -> int:
    return 0 if rng.random() < 0.5 else int(rng.integers(options))


@cache
def _triples(*, unseen: bool) -> list[tuple[str, str, str]]:
    every = (
        Meaning(colour, shape, place)
        for colour in grammar.COLOURS
        for shape in grammar.SHAPES
        for place in grammar.PLACES
        if (colour, place) not in grammar.AMBIGUOUS
    )
    return [(m.colour, m.shape, m.place) for m in every if not unseen or grammar.held_out(m)]


def real_clip(meaning: Meaning, seed: int, size: int = SIZE) -> np.ndarray:
    """A drawn clip of a meaning, uint8 (8, size, size, 3): what a perfect model would make."""
    scene = scenes.random_scene(np.random.default_rng((seed, _STREAM)), meaning)
    return np.rint(scenes.draw(scene, size=size) * 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Observed:
    """What a clip shows of its prompt; `flicker` in levels of 255, NaN without a background."""

    verdict: Verdict
    flicker: float


def see(frames: np.ndarray, meaning: Meaning) -> Observed:
    """Look at a clip, uint8 (T, H, W, 3), for what it should show."""
    return Observed(oracle.judge(oracle.look(frames), meaning), flicker(frames))


def tally(observed: Sequence[Observed], meanings: Sequence[Meaning] = ()) -> Table:
    """Count what is right; `meanings` (one for each) adds a share per word.

    A clip without background has no flicker and is left out of that mean.
    """
    verdicts = [s.verdict for s in observed]
    known = [s.flicker for s in observed if np.isfinite(s.flicker)]
    return Table(
        *(_share([getattr(v, name) for v in verdicts]) for name in _NAMES),
        flicker=float(np.mean(known)) if known else float("nan"),
        by_word=_by_word(verdicts, meanings) if meanings else {},
    )


_NAMES = ("colour", "shape", "motion", "smooth", "together")
_WORDS = {"colour": grammar.COLOURS, "shape": grammar.SHAPES, "motion": grammar.MOTIONS}


def _share(rights: list[bool]) -> Share:
    return Share(sum(rights), len(rights))


def _by_word(verdicts: Sequence[Verdict], meanings: Sequence[Meaning]) -> dict[str, Share]:
    pairs = list(zip(verdicts, meanings, strict=True))
    return {
        word: _share([getattr(v, kind) for v, m in pairs if getattr(m, kind) == word])
        for kind, words in _WORDS.items()
        for word in words
    }


def markdown(columns: dict[str, Table]) -> str:
    """The model card's table: a row per figure, a column per name, ending in a line break."""
    counts = " | ".join(str(t.colour.count) for t in columns.values())
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines.append(f"| clips | {counts} |")
    for label, name in _ROWS:
        cells = " | ".join(str(getattr(t, name)) for t in columns.values())
        lines.append(f"| {label} | {cells} |")
    levels = " | ".join(_levels(t.flicker) for t in columns.values())
    lines.append(f"| flicker of a still background, levels of 255 | {levels} |")
    return "\n".join(lines) + "\n"


_ROWS = (
    ("colour right", "colour"),
    ("shape right", "shape"),
    ("motion right", "motion"),
    ("smooth path", "smooth"),
    ("colour, shape and motion right", "together"),
)


def _levels(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "not measured"
