"""Faults of the program are shown on the banner of the window, and nowhere after it."""

import sys

from PySide6.QtCore import QTimer

from studio.ui.shell.faults import WORDS


def _fault() -> None:
    raise TypeError("a fault of ours")


def test_a_fault_in_a_slot_is_told_with_its_traceback_and_the_window_goes_on(
    open_studio, monkeypatch, until
):
    heard = []
    monkeypatch.setattr(sys, "excepthook", lambda *fault: heard.append(fault))
    studio = open_studio()
    QTimer.singleShot(0, _fault)
    until(lambda: heard)
    assert studio.banner.words.text() == WORDS
    assert studio.banner.details.isVisible()
    studio.shot.prompt.setPlainText("a red ball")
    assert studio.document.shot.prompt == "a red ball"


def test_after_the_window_is_gone_others_are_asked_as_before(open_studio, qapp):
    from PySide6.QtCore import QEvent

    before = sys.excepthook
    studio = open_studio()
    assert sys.excepthook is not before
    studio.close()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert sys.excepthook is before
