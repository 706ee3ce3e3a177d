"""Wildcards of a prompt, resolved from the seed: `{a|b}` is one of these, `__name__` a line of a file.

Both nest, also in files.  \\{ \\| \\} and \\_ are the signs themselves.  The same seed chooses the same
words, whatever the machine: every choice is a hash of the seed and of how many there were before.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from studio.spec.refusal import Refusal, shown

Lines = Callable[[str], Sequence[str] | None]
"""A wildcard's name → the lines of its file; None where there is none."""
MOST = 500
"""Choices in one prompt: files that name one another in a circle never end."""
LONGEST = 20_000
"""Characters that a prompt may become."""
_NAME = re.compile(r"(?<![\\\w])__([\w\-./ ]{1,120}?)__(?!\w)")
_ESCAPED = re.compile(r"\\([{|}_])")


def has_wildcards(prompt: str) -> bool:
    """Whether a prompt is more than its own words."""
    return bool(_NAME.search(prompt) or _innermost(prompt) or _ESCAPED.search(prompt))


def resolved(prompt: str, seed: int, lines: Lines) -> str:
    """The prompt with every choice made; the prompt itself where it has none.

    Refused for a file that is missing or empty, and for files that name one another in a circle."""
    if not has_wildcards(prompt):
        return prompt
    choices = _Choices(seed)
    while True:
        if braces := _innermost(prompt):
            start, end, options = braces
            chosen = options[choices.next(len(options))]
        elif name := _NAME.search(prompt):
            start, end = name.span()
            found = _lines(name[1].strip(), lines)
            chosen = found[choices.next(len(found))]
        else:
            return _ESCAPED.sub(r"\1", prompt)
        prompt = prompt[:start] + chosen + prompt[end:]
        if choices.made > MOST or len(prompt) > LONGEST:
            raise Refusal(
                "The wildcards of the prompt never come to an end.",
                "Look for files that name one another in a circle.",
            )


@dataclass(slots=True)
class _Choices:
    seed: int
    made: int = 0

    def next(self, among: int) -> int:
        hashed = hashlib.blake2b(f"wildcard {self.seed} {self.made}".encode(), digest_size=8)
        self.made += 1
        return int.from_bytes(hashed.digest(), "big") % among


def _lines(name: str, lines: Lines) -> Sequence[str]:
    found = lines(name)
    if found is None:
        raise Refusal(
            f"There is no wildcard file “{shown(name)}”.",
            rf"Put {shown(name)}.txt into a folder called wildcards, or write \__ for the signs.",
        )
    if not found:
        raise Refusal(f"The wildcard file “{shown(name)}” has no line.", "Write one into it.")
    return found


def _innermost(prompt: str) -> tuple[int, int, list[str]] | None:
    """The first pair of braces that holds a choice and no other pair: its place, and the options."""
    start, bars = -1, []
    at = 0
    while at < len(prompt):
        sign = prompt[at]
        if sign == "\\":
            at += 1
        elif sign == "{":
            start, bars = at, []
        elif sign == "|" and start >= 0:
            bars.append(at)
        elif sign == "}" and start >= 0:
            if bars:
                ends = [start, *bars, at]
                return (
                    start,
                    at + 1,
                    [prompt[a + 1 : b].strip() for a, b in itertools.pairwise(ends)],
                )
            start = -1
        at += 1
    return None
