"""The command line, run on a data folder of one's own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.cli import main


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


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = main([*words, "--data-dir", str(home)])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run
