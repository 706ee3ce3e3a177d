"""Steps in turns of the loop, or all at once for whoever asks; the window is made of such."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from studio.app import build
from studio.spec.refusal import Refusal
from studio.ui.shell.steps import Step, Steps
from studio.ui.shell.window import WIDTHS
from studio.ui.shell.wired_rooms import WiredRooms


@pytest.fixture
def parent(qapp) -> Iterator[QObject]:
    made = QObject()
    yield made
    made.deleteLater()


def noted(done: list, *elsewhere: Step) -> Iterator[Step]:
    for number in range(3):
        done.append(number)
        yield elsewhere[number] if number < len(elsewhere) else None


def test_a_step_is_done_in_each_turn(parent, until):
    done = []
    steps = Steps(noted(done), parent)
    steps.start()
    assert done == []
    until(lambda: steps.is_done)
    assert done == [0, 1, 2]


def test_what_is_left_is_done_when_somebody_asks(parent):
    done, threads = [], []
    steps = Steps(noted(done, lambda: threads.append(threading.current_thread())), parent)
    steps.finish()
    assert (done, steps.is_done) == ([0, 1, 2], True)
    assert threads == [threading.current_thread()]


def test_whoever_asks_waits_for_what_is_done_elsewhere(parent, until):
    done, may_end, began = [], threading.Event(), threading.Event()

    def elsewhere() -> None:
        began.set()
        may_end.wait(60)
        done.append(threading.current_thread() is threading.main_thread())

    steps = Steps(noted(done, elsewhere), parent)
    steps.start()
    until(began.is_set)
    assert done == [0]
    threading.Timer(0.05, may_end.set).start()
    steps.finish()
    assert done == [0, False, 1, 2]


def test_a_key_finishes_them_before_it_counts(parent, qtbot):
    done = []
    steps, widget = Steps(noted(done), parent), QWidget()
    qtbot.addWidget(widget)
    widget.keyPressEvent = lambda _: done.append("key")  # type: ignore[method-assign]
    steps.start()
    qtbot.keyClick(widget, Qt.Key.Key_A)
    assert done == [0, 1, 2, "key"]


def test_an_error_is_told_and_raised_for_whoever_asks(parent, qtbot):
    def elsewhere() -> None:
        raise Refusal("The disk is full.", "")

    steps = Steps(noted([], elsewhere), parent)
    with qtbot.waitSignal(steps.failed, timeout=60_000):
        steps.start()
    for _ in range(2):
        with pytest.raises(Refusal):
            steps.finish()
    assert not steps.is_done


@pytest.fixture
def painted(qtbot, tmp_path, folders, handlers):
    """A window at its first paint, on which nobody has asked for anything yet."""
    studio = build(tmp_path / "Summer", folders, handlers.by_kind())
    studio.scan = lambda: ((), ())
    with qtbot.waitSignal(studio.window.first_painted, timeout=60_000):
        studio.open()
    yield studio
    if not studio.is_closed:
        studio.close()


def test_the_rooms_come_one_by_one_and_then_all_goes_on(painted, until):
    assert not painted._steps.is_done
    until(lambda: painted._steps.is_done)
    assert isinstance(painted._of_rooms, WiredRooms)
    window = painted.window
    assert {name: dock.content for name, dock in window.docks.items()} == {
        "Subjects": painted.subjects, "Takes": painted.takes, "Library": painted.library,
        "Shot": painted.shot, "Timeline": painted.timeline, "Queue": painted.queue_panel,
    }  # fmt: skip
    assert window.centralWidget() is painted.player
    assert window.focusWidget() is painted.shot.prompt


def test_no_panel_jumps_when_its_room_comes(painted, until):
    docks = painted.window.docks
    held = {name: dock.geometry() for name, dock in docks.items() if dock.visibleRegion()}
    middle = painted.window.centralWidget().geometry()
    until(lambda: painted._steps.is_done)
    assert {name: docks[name].geometry() for name in held} == held
    assert painted.window.centralWidget().geometry() == middle


def test_what_a_larger_window_has_over_is_the_players_before_its_room_comes(painted, until):
    docks = painted.window.docks
    painted.window.resize(1600, 900)
    until(lambda: painted._steps.is_done)
    until(lambda: docks["Subjects"].width() == WIDTHS["Subjects"])
    until(lambda: docks["Shot"].width() == WIDTHS["Shot"])


def test_a_key_pressed_before_a_room_is_there_reaches_it(painted, qtbot):
    assert not painted._steps.is_done
    ctrl = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(painted.window, Qt.Key.Key_2, ctrl)
    assert painted._steps.is_done
    assert painted.takes.visibleRegion()


def test_a_window_that_closes_at_once_lets_its_project_go(painted, tmp_path, folders, handlers):
    assert not painted._steps.is_done
    painted.close()
    again = build(tmp_path / "Summer", folders, handlers.by_kind())
    assert not again.document.read_only
    again.close()


def test_what_cannot_be_opened_is_said_once_the_frame_is_painted(tmp_path, folders, until):
    folders.queue.mkdir()
    studio = build(tmp_path / "Summer", folders, {})
    studio.open()
    until(lambda: studio.trouble is not None)
    studio.close()
    assert isinstance(studio.trouble, Refusal)
