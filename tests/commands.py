"""What a command line came to."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict:
        """The one JSON object on standard output."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)

    def refused(self, sentence: str) -> None:
        """Exit code 2 and one line that holds the sentence; no traceback."""
        assert self.code == 2
        assert sentence in self.err
        assert self.err.strip().count("\n") == 0
        assert self.out == ""
