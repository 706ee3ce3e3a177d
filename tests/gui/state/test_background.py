"""Errands off the window's thread: their answers come by the event loop, and never within `ask`."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from PySide6.QtCore import QObject
from shiboken6 import delete

from studio.ui.state.background import Background


class Quick(ThreadPoolExecutor):
    """Whoever asks is kept waiting until the work is done, as a busy computer does."""

    def submit(self, work, /, *rest):
        future = super().submit(work, *rest)
        future.exception(timeout=300)
        return future


@pytest.fixture
def background():
    made = Background()
    made._pool.shutdown()
    made._pool = Quick(1)
    yield made
    made.close()


def fail():
    raise ValueError("no")


def test_what_is_done_at_once_is_answered_after_the_call(qtbot, background):
    owner, answers = QObject(), []
    background.ask(lambda: 1, answers.append, owner=owner)
    background.ask(fail, None, lambda error: answers.append(str(error)), owner=owner)
    assert answers == []
    qtbot.waitUntil(lambda: answers == [1, "no"], timeout=60_000)


def test_nothing_is_answered_to_whoever_is_gone_or_after_the_end(qapp, background):
    owner, gone, answers = QObject(), QObject(), []
    background.ask(lambda: 1, answers.append, owner=gone)
    delete(gone)
    qapp.processEvents()
    background.ask(lambda: 2, answers.append, owner=owner)
    background.close()
    qapp.processEvents()
    assert answers == []


def _fault() -> None:
    raise TypeError("a fault of ours")


@pytest.mark.parametrize("failed", [None, lambda _: None])
def test_a_fault_of_the_program_is_raised_here_whoever_listens(qtbot, background, failed):
    with qtbot.captureExceptions() as faults:
        background.ask(_fault, failed=failed, owner=background)
        qtbot.waitUntil(lambda: bool(faults))
    assert str(faults[0][1]) == "a fault of ours"
