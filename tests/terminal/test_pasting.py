"""Printed command lines mean what they meant, whatever the names hold."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from studio.spec.quoting import quoted
from studio.terminal.pasting import command_line

AWKWARD = [
    "100% me 🐶", "$(id)", "`id`", "my dog", "it's", '"', "-x", "", "a\nb", "a\tb", "!x", "~", "*", "\\",
    "a;b", "x\udcff", "\x1b[31m", "\u202e",
]  # fmt: skip
SHELLS = [shell for shell in ("bash", "zsh") if shutil.which(shell)]


@pytest.mark.skipif(os.name == "nt", reason="POSIX shells")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_reads_every_word_back(shell):
    told = "import sys, json; print(json.dumps(sys.argv[1:]))"
    line = " ".join(quoted(word, windows=False) for word in (sys.executable, "-c", told, *AWKWARD))
    assert line.encode("utf-8")  # it can be shown: no bytes that are no text
    said = subprocess.run([shell, "-c", line], capture_output=True, check=True, text=True).stdout
    assert json.loads(said) == AWKWARD


def test_values_that_begin_with_a_dash_stay_values():
    line = command_line("subject", "show", subject="-x", class_noun="dog")
    assert line.endswith("main.py subject show --subject=-x --class-noun=dog")


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("plain", "plain"),
        ("my dog", '"my dog"'),
        ("a&b", '"a&b"'),
        ("100% me", '"100"^%" me"'),
        ("C:\\my clips\\", '"C:\\my clips\\\\"'),
        ("", '""'),
        ("$(id)", '"$(id)"'),
    ],
)
def test_quoting_for_windows(word, line):
    assert quoted(word, windows=True) == line
