"""Command lines as a person can paste them into the shell in use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from studio.spec.quoting import quoted

ANYWHERE = ("python", "main.py")
"""The program, where it was started in a way that cannot be repeated."""


def command_line(*words: str, **flags: str) -> str:
    """The studio's command line of `words` and `flags`, quoted: main.py show --name='my dog'.

    `flags` are written class_noun="dog" for --class-noun=dog: with "=", so that a value which
    begins with a dash stays a value.
    """
    named = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
    return " ".join(quoted(word) for word in (*_program(), *words, *named))


def _program() -> Sequence[str]:
    """What was typed before the words: the interpreter, its options, the script."""
    typed = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
    return typed if typed and Path(typed[-1]).name == "main.py" else ANYWHERE
