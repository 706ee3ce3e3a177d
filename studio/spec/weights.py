"""Weights of words in a prompt, written as in A1111: (word) is 1.1 times as strong, (word:1.3) 1.3
times, [word] 1.1 times weaker; brackets nest, and \\( \\) \\[ \\] are the signs themselves.
"""

import re
from functools import lru_cache

Weighted = tuple[tuple[str, float], ...]
"""Texts with their weights, in order; one text of weight 1 where nothing is weighted."""
STRONGER = 1.1
BREAK = "BREAK"
"""The word after which a new chunk begins."""
_TOKENS = re.compile(
    r"\\[()\[\]\\]|\\|\(|\[|:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)|\)|\]|[^\\()\[\]:]+|:"
)
_WORD = re.compile(r"[\w'’-]+")
_EXPLICIT = re.compile(r"\(([^()\[\]:]*):\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)")


@lru_cache(256)
def weighted(prompt: str) -> Weighted:
    """A prompt taken apart.  Brackets that are not closed hold to the end."""
    found: list[list] = []
    rounds: list[int] = []
    squares: list[int] = []
    for token in _TOKENS.finditer(prompt):
        text, weight = token.group(), token.group(1)
        if text[0] == "\\" and len(text) > 1:
            found.append([text[1], 1.0])
        elif text == "(":
            rounds.append(len(found))
        elif text == "[":
            squares.append(len(found))
        elif weight is not None and rounds:
            _scale(found, rounds.pop(), float(weight))
        elif text == ")" and rounds:
            _scale(found, rounds.pop(), STRONGER)
        elif text == "]" and squares:
            _scale(found, squares.pop(), 1 / STRONGER)
        else:
            found.append([text, 1.0])
    for start in rounds:
        _scale(found, start, STRONGER)
    for start in squares:
        _scale(found, start, 1 / STRONGER)
    return _merged(found)


def _scale(found: list[list], start: int, factor: float) -> None:
    for piece in found[start:]:
        piece[1] *= factor


def _merged(found: list[list]) -> Weighted:
    """Neighbours of one weight together."""
    merged: list[tuple[str, float]] = []
    for text, weight in found:
        if merged and merged[-1][1] == weight:
            merged[-1] = (merged[-1][0] + text, weight)
        else:
            merged.append((text, weight))
    return tuple(merged) or (("", 1.0),)


def has_weights(prompt: str) -> bool:
    """Whether a prompt says anything that is no plain word: a weight, an escaped sign, a break."""
    return weighted(prompt) != ((prompt, 1.0),) or BREAK in prompt.split()


def plain(prompt: str) -> str:
    """The words of a prompt alone, for what takes no weights."""
    if not has_weights(prompt):
        return prompt
    words = "".join(text for text, _ in weighted(prompt))
    return " ".join(word for word in words.split() if word != BREAK)


def nudged(prompt: str, start: int, end: int, by: float) -> tuple[str, int, int]:
    """The prompt with the weight of the words from `start` to `end` changed by `by`, and where these
    are now; nothing chosen is the word at `start`.  At weight 1 the brackets go."""
    if start == end:
        start, end = _word_at(prompt, start)
    chosen = prompt[start:end].strip()
    if not chosen:
        return prompt, start, end
    for found in _EXPLICIT.finditer(prompt):
        if found.start() <= start and end <= found.end():
            weight, words, at = float(found[2]) + by, found[1], found.span()
            break
    else:
        start += len(prompt[start:end]) - len(prompt[start:end].lstrip())
        weight, words, at = 1.0 + by, chosen, (start, start + len(chosen))
    weight = round(max(weight, 0.0), 2)
    new = words if weight == 1 else f"({words}:{weight:g})"
    inside = at[0] + (weight != 1)
    return prompt[: at[0]] + new + prompt[at[1] :], inside, inside + len(words)


def _word_at(prompt: str, at: int) -> tuple[int, int]:
    for word in _WORD.finditer(prompt):
        if word.start() <= at <= word.end():
            return word.span()
    return at, at
