"""A program that is killed when it is told to be."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Victim:
    """Does command lines and dies at a tick; see `victim.py`."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program

    def __call__(
        self,
        *words: str,
        kill_at: int | None = None,
        by: str = "SIGKILL",
        after: float = 0.0,
        room: int | None = None,
        beside: Sequence[str] = (),
    ) -> dict[str, Any]:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        order = {
            "words": list(words),
            "kill_at": kill_at,
            "signal": by,
            "after": after,
            "room": room,
            "beside": list(beside) or None,
        }
        self._program.stdin.write(json.dumps(order) + "\n")
        self._program.stdin.flush()
        return json.loads(self._program.stdout.readline())


@pytest.fixture(scope="session")
def victim() -> Iterator[Victim]:
    if not hasattr(os, "fork"):
        pytest.skip("Windows cannot fork; the walk it would test is the same")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.end_to_end.victim"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        yield Victim(program)
        assert program.stdin is not None
        program.stdin.close()
