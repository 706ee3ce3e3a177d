"""How the terminal speaks."""

import io
import json

import pytest

from studio.spec.progress import Progress
from studio.spec.refusal import Refusal
from studio.terminal.voice import Answer, Voice, line


@pytest.fixture(autouse=True)
def capable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def speak(aside: io.StringIO, steps: int, seconds: float) -> str:
    clock = Clock()
    voice = Voice(io.StringIO(), aside, clock=clock)
    for step in range(steps + 1):
        voice.tick(Progress("keyframes", step, steps))
        clock.now += seconds / steps
    voice.answer(Answer("done"))
    return aside.getvalue()


def test_a_terminal_shows_one_line_that_repaints_itself():
    said = speak(Terminal(), 100, 20.0)
    assert said.count("\n") == 1
    assert said.count("\r") > 50
    assert said.rstrip().endswith("keyframes  100/100")
    assert "\x1b" not in said
    assert "keyframes  50/100  about 10 s left" in said


def test_a_terminal_is_not_flooded():
    assert speak(Terminal(), 100_000, 20.0).count("\r") < 250


def test_a_file_gets_few_lines():
    said = speak(io.StringIO(), 1000, 60.0)
    assert "\r" not in said
    assert 4 <= said.count("\n") <= 5


def test_every_stage_is_named_once_it_begins():
    voice = Voice(io.StringIO(), aside := io.StringIO(), clock=lambda: 0.0)
    for stage in ("loading model", "keyframes", "decode"):
        for step in range(3):
            voice.tick(Progress(stage, step, 3))
    assert aside.getvalue() == "loading model  0/3\nkeyframes  0/3\ndecode  0/3\n"


def test_json_is_one_object_with_its_notes():
    voice = Voice(out := io.StringIO(), io.StringIO(), as_json=True)
    voice.remark("The width became 64.")
    voice.answer(Answer("words", {"path": "a\nb\udcff"}))
    assert out.getvalue().count("\n") == 1
    assert json.loads(out.getvalue()) == {
        "path": "a\nb\udcff",
        "notes": ["The width became 64."],
    }


def test_a_refusal_is_one_line_and_one_object():
    voice = Voice(out := io.StringIO(), aside := io.StringIO(), as_json=True)
    voice.refuse(Refusal("No.", "Do this."))
    assert aside.getvalue() == "No. Do this.\n"
    assert json.loads(out.getvalue()) == {"error": "No.", "hint": "Do this."}


def test_a_line_tells_the_loss():
    assert line(Progress("learning", 3, 10, loss=0.5), 0.0) == "learning  3/10  loss 0.500"
