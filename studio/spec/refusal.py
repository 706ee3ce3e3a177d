"""The one way in which the studio says no."""

import re

LONGEST_WORD, SHOWN = 300, 60
"""Characters of a word that is repeated in full in a sentence, and of one that is not."""
_LONG = re.compile(rf"[^\s/\\]{{{LONGEST_WORD},}}")


class Refusal(Exception):
    """Something the user can put right: one plain sentence, and a hint that says what to change.

    Anything else that escapes is a bug.  The terminal exits with 2 for a refusal, 1 for a bug.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        self.what, self.hint = bounded(what), bounded(hint)
        super().__init__(self.what)

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()


def bounded(sentence: str) -> str:
    """A sentence in which no word of the user's is repeated at any length; paths stay whole."""
    return _LONG.sub(lambda word: f"{word.group()[:SHOWN]}…", sentence)


def shown(text: str, longest: int = 40) -> str:
    """What was typed, short enough to be repeated in a sentence, and nothing a terminal obeys."""
    printable = "".join(c if c.isprintable() else "�" for c in text[:longest])
    return printable if len(text) <= longest else f"{printable}…"
