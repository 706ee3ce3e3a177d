"""The window is there at once: what its rooms need is imported after the first paint, and nothing
heavy before it rests."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent
from PySide6.QtWidgets import QApplication

from studio.ui.shell.idle import FirstIdle

ROOT = Path(__file__).resolve().parents[3]
HEAVY = (
    "torch", "diffusers", "transformers", "peft", "numpy", "pyqtgraph", "PIL", "huggingface_hub",
    "scipy", "safetensors",
)  # fmt: skip
LATER = (
    "studio.engine", "studio.media", "studio.library", "studio.downloads", "studio.jobs.queue",
    "studio.project.recipe", "studio.ui.shell.rooms", "studio.ui.state", "studio.ui.keyframes",
    "studio.ui.library", "studio.ui.player", "studio.ui.queue", "studio.ui.shot", "studio.ui.start",
    "studio.ui.subjects", "studio.ui.takes", "studio.ui.timeline", "studio.ui.shell.dialogs",
    "sqlite3", "concurrent.futures", "subprocess", "asyncio",
)  # fmt: skip
"""What the frame of the window does without."""
SMALL = ("studio.ui.state.keymap",)
"""What it takes of that."""
PROGRAM = f"""
import sys
from pathlib import Path
from studio import app
from studio.project.folders import Folders

qt = app.start_application()
studio = app.build(Path(sys.argv[1]) / "film", Folders(Path(sys.argv[1])).make(), {{}})

def painted():
    found = {{m for m in sys.modules for late in {LATER!r} if (m + ".").startswith(late + ".")}}
    print(sorted(found - {{*{SMALL!r}, *(m.rpartition(".")[0] for m in {SMALL!r})}}))
    studio.document
    print([m for m in {HEAVY!r} if m in sys.modules])
    studio.window.close()

studio.window.first_painted.connect(painted)
studio.open()
qt.exec()
studio.close()
"""


def ran(program: str, *said: str) -> subprocess.CompletedProcess[str]:
    """A program of its own, in which nothing is imported yet."""
    return subprocess.run(
        [sys.executable, "-c", program, *said],
        cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_the_frame_needs_no_room_and_no_room_anything_heavy(tmp_path):
    done = ran(PROGRAM, str(tmp_path / "data"))
    assert done.stdout.splitlines() == ["[]", "[]"], done.stderr


INTERRUPTED = """
import signal, sys
from pathlib import Path
from studio.app import close_windows, open_window
from studio.project.folders import Folders
from studio.terminal.interrupt import Interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)
with Interrupt() as interrupt:
    interrupt.means(close_windows)
    folders = Folders(Path(sys.argv[1]))
    print(open_window(None, folders, {}, warm_up=lambda: signal.raise_signal(signal.SIGINT)))
"""


def test_an_interrupt_closes_the_window(tmp_path):
    done = ran(INTERRUPTED, str(tmp_path / "data"))
    assert (done.stdout.strip(), done.stderr) == ("0", "")


def test_every_key_begins_the_wait_for_the_engine_anew(studio, qtbot, monkeypatch):
    calls, begun = [], []
    studio.first_idle(3_600_000, lambda: calls.append("engine"))
    timer = studio.window.findChild(FirstIdle)._timer
    monkeypatch.setattr(timer, "start", lambda: begun.append(timer.interval()))
    for letter in "red":
        begun.clear()
        qtbot.keyClicks(studio.shot.prompt, letter)
        assert set(begun) == {3_600_000}
    assert calls == []


def test_the_engine_is_fetched_when_nobody_types(studio, until):
    calls = []
    studio.first_idle(1, lambda: calls.append("engine"), lambda: calls.append("rehearsal"))
    until(lambda: calls == ["engine", "rehearsal"])


def looked_twice(studio, qtbot) -> None:
    """The wait for rest is over, and again."""
    timer = studio.window.findChild(FirstIdle)._timer
    for _ in range(2):
        with qtbot.waitSignal(timer.timeout, timeout=60_000):
            pass


def test_the_engine_waits_while_something_is_held_with_the_mouse(studio, qtbot, until):
    calls = []
    window = studio.window.windowHandle()
    place = studio.queue_bar.mapTo(studio.window, studio.queue_bar.rect().center())
    qtbot.mousePress(window, Qt.MouseButton.LeftButton, pos=place)
    studio.first_idle(1, lambda: calls.append("engine"))
    looked_twice(studio, qtbot)
    assert calls == []
    qtbot.mouseRelease(window, Qt.MouseButton.LeftButton, pos=place)
    until(lambda: calls == ["engine"])


def test_the_engine_waits_while_photos_are_held_over_the_window(studio, qtbot, until):
    calls, photos = [], QMimeData()
    place, copy = QPoint(9, 9), Qt.DropAction.CopyAction
    held = (copy, photos, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    studio.first_idle(1, lambda: calls.append("engine"))
    QApplication.sendEvent(studio.window, QDragEnterEvent(place, *held))
    looked_twice(studio, qtbot)
    assert calls == []
    QApplication.sendEvent(studio.window, QDragLeaveEvent())
    until(lambda: calls == ["engine"])


def test_a_job_does_not_wait_for_the_engine_to_be_fetched(studio, handlers, until):
    calls = []
    handlers.gate.clear()
    studio.first_idle(3_600_000, lambda: calls.append("engine"))
    studio.shot.prompt.setPlainText("a red ball moving left")
    assert calls == []
    for _ in range(2):
        studio.render_actions.render()
    until(lambda: calls)
    handlers.gate.set()
    until(lambda: not studio.queue.jobs())
    assert calls == ["engine"]


def test_what_is_ordered_while_models_are_looked_for_starts_when_they_are_found(
    open_studio, qtbot, until
):
    studio, found = open_studio(shown=False), threading.Event()
    scan = studio.scan
    studio.scan = lambda: (found.wait(60), scan())[1]
    studio.open()
    until(studio.window.isActiveWindow)
    assert not studio.shot.preview.isEnabled()
    qtbot.keyClicks(studio.shot.prompt, "a red ball moving left")
    assert studio.shot.preview.isEnabled()
    for _ in range(2):  # pressed again by someone in a hurry
        qtbot.keyClick(studio.shot.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not studio.banner.isVisible()
    assert "as soon as" in studio.queue_bar.words.full_text
    assert studio.queue.jobs() == ()
    found.set()
    until(studio.queue.history)
    assert [job.kind for job in studio.queue.history()] == ["preview_keyframes"]
    assert studio.queue.jobs() == ()


def test_nothing_is_collected_while_the_engine_is_fetched(studio, until):
    began, may_end = threading.Event(), threading.Event()

    def fetch() -> None:
        began.set()
        may_end.wait(20)
        raise ImportError("no engine here")

    assert studio._garbage._timer.isActive()
    studio.first_idle(0, fetch)
    until(began.is_set)
    until(lambda: not studio._garbage._timer.isActive())
    may_end.set()
    until(studio._garbage._timer.isActive)
