"""Who is asked, and what is asked, before a subject is trained."""

import os
import pty
import sys
from argparse import Namespace
from contextlib import contextmanager, nullcontext

import pytest

from studio.spec.refusal import Refusal
from studio.terminal.consent import person_who_agreed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")


class Session:
    """What is needed of one: a question can be left at once."""

    class interrupt:
        at_once = staticmethod(nullcontext)


@contextmanager
def typed(text, monkeypatch):
    """A terminal at which somebody types `text`."""
    ours, theirs = pty.openpty()
    os.write(ours, text.encode())
    with os.fdopen(theirs, "r") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield
    os.close(ours)


def said(**flags):
    return Namespace(**{"person": False, "not_a_person": False, "consent": False, **flags})


@pytest.mark.parametrize(
    ("noun", "answers", "person"),
    [("Pikachu", "n\n", False), ("Anna", "y\nyes\n", True), ("wife", "Y\n", True)],
)
def test_a_question_is_answered(noun, answers, person, monkeypatch, capsys):
    with typed(answers, monkeypatch):
        assert person_who_agreed(noun, said(), Session()) is person
    assert capsys.readouterr().err.count("[y/") == answers.count("\n")


@pytest.mark.parametrize(("noun", "answers"), [("Anna", "\n"), ("Anna", "y\nn\n"), ("wife", "\n")])
def test_no_answer_is_no(noun, answers, monkeypatch):
    with typed(answers, monkeypatch), pytest.raises(Refusal, match="person"):
        person_who_agreed(noun, said(), Session())


@pytest.mark.parametrize(
    ("noun", "flags", "person"),
    [
        ("Pikachu", {"not_a_person": True}, False), ("Anna", {"consent": True}, True),
        ("Anna", {"person": True, "consent": True}, True), ("dog", {}, False),
        ("dog", {"consent": True}, False), ("wife", {"consent": True}, True),
        ("dog", {"person": True, "consent": True}, True),
    ],
)  # fmt: skip
def test_flags_answer_where_nobody_is_there(noun, flags, person, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert person_who_agreed(noun, said(**flags), Session()) is person
