"""Command lines as a person can paste them into the shell in use."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ANYWHERE = ("python", "main.py")
"""The program, where it was started in a way that cannot be repeated."""


def command_line(*words: str, **flags: str) -> str:
    """The studio's command line of `words` and `flags`, quoted: main.py show --name='my dog'.

    `flags` are written class_noun="dog" for --class-noun=dog: with "=", so that a value which
    begins with a dash stays a value.
    """
    named = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
    return " ".join(quoted(word) for word in (*_program(), *words, *named))


def quoted(word: str, *, windows: bool = os.name == "nt") -> str:
    """`word` as the shell reads it back, whatever it holds."""
    if windows:
        return _for_cmd(word)
    if all(character.isprintable() for character in word):
        return shlex.quote(word)
    # bytes that are no text, and characters that a terminal would obey
    spelt = (_escaped(character) for character in word)
    return f"$'{''.join(spelt)}'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))


def _for_cmd(word: str) -> str:
    """As cmd.exe and the C library of Windows read it."""
    bare = re.fullmatch(r"[\w.:/\\=+,@-]+", word)
    if bare and not word.endswith("\\"):
        return word
    made = subprocess.list2cmdline([word])
    if not made.startswith('"'):
        made = f'"{made}"'
    return made.replace("%", '"^%"')


def _program() -> Sequence[str]:
    """What was typed before the words: the interpreter, its options, the script."""
    typed = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
    return typed if typed and Path(typed[-1]).name == "main.py" else ANYWHERE
