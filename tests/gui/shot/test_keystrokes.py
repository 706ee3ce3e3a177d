"""A key in the prompt costs the window's thread as much in a project of hundreds of shots as in one
of a single shot, and asks nothing that reads no words."""

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from tests.gui.keystrokes import press, with_many

MANY = 400


def bytecodes(act: Callable[[], object]) -> int:
    """How many bytecodes of ours Python runs in this thread: the same on every machine."""
    ran = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Callable:
        nonlocal ran
        frame.f_trace_opcodes = True
        ran += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return ran


@pytest.mark.skipif(sys.gettrace() is not None, reason="a debugger or coverage traces already")
def test_a_key_does_not_go_through_all_shots(studio, qapp) -> None:
    studio.shot.prompt.setPlainText("a red ball")

    def cost() -> int:
        press(studio, "a")  # the first one begins a step of undo
        return min(bytecodes(partial(press, studio, letter)) for letter in "bcd")

    few = cost()
    studio.document.change(lambda project: with_many(project, MANY), "Many shots")
    many = cost()
    assert len(studio.document.shot.prompt) == len("a red ball") + 8
    assert many - few < MANY, f"{few} bytecodes with one shot, {many} with {MANY + 1}"


def test_what_says_the_same_again_lays_nothing_out(qapp, studio) -> None:
    icons = studio.shot.loras_fold._icons
    for widget, say in (
        (studio.shot.seed.lock, lambda: studio.shot.seed.lock.setIcon(icons("unlock"))),
        (studio.shot.render_it, lambda: studio.shot.render_it.say("Render", "26 s")),
    ):
        say()
        QApplication.sendPostedEvents()
        watch = LaidOut(widget.parentWidget())
        qapp.installEventFilter(watch)
        say()
        QApplication.sendPostedEvents()
        qapp.removeEventFilter(watch)
        assert not watch.seen


class LaidOut(QObject):
    """Whether a widget is asked to lay out what it holds."""

    def __init__(self, widget: QObject) -> None:
        super().__init__()
        self._widget, self.seen = widget, False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.seen |= watched is self._widget and event.type() == QEvent.Type.LayoutRequest
        return False


def test_whoever_reads_no_shot_hears_of_no_key(studio) -> None:
    heard = []
    studio.document.laid_out.connect(lambda: heard.append(studio.document.undo_label))
    press(studio, "a")
    assert heard == []
    studio.shot.new_shot()
    studio.document.undo()
    assert heard == ["New shot", "Prompt"]
