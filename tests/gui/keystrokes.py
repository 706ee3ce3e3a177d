"""What a key in the prompt costs the window's thread, in its own milliseconds.

    python -m tests.gui.keystrokes [KEYFRAMES [SHOTS]]

KEYFRAMES are added to the strip's eight first, SHOTS to the project's one.  Of 104 keys the median and the largest: until the
key is in the document and in every view, and for what is painted and laid out thereafter.
On two cores beside a training, 8 keyframes:

                                                   1 shot                    501 shots
    before a shot was found by its id              2.8 + 1.5 (3.7) ms        3.5 + 1.8 (3.6) ms
    now: nothing is gone through or laid out anew  2.2 + 1.2 (2.9) ms        2.2 + 1.2 (2.9) ms
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent

from studio.app import build, start_application
from studio.project import edits
from studio.project.folders import Folders
from studio.project.project import Project, new_id
from studio.project.shot import Shot
from studio.ui.shell.studio_window import StudioWindow
from tests.gui.handlers import LARGER, JobHandlers

WORDS, TYPED = "a red ball moving left over grass", ", slowly, in the night sky" * 4
PAUSE = 0.03
"""Seconds between two keys."""


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    start_application()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        folders = Folders(Path(root) / "data").make()
        studio = build(Path(root) / "Keys", folders, JobHandlers(folders).by_kind())
        studio.scan = lambda: ((LARGER,), ())
        studio.open()
        try:
            measure(studio, *(int(number) for number in sys.argv[1:3]))
        finally:
            studio.close()


def measure(studio: StudioWindow, added: int = 0, shots: int = 0) -> None:
    spin(2.0)
    studio.document.change(lambda project: with_many(project, shots), "Many shots")
    studio.shot.prompt.setPlainText(WORDS)
    if added:
        studio.edits.extend(added)
    spin(1.0)
    keys, afterwards = [], []
    for letter in TYPED:
        keys.append(spent(lambda: press(studio, letter)))  # noqa: B023
        afterwards.append(spent(QCoreApplication.processEvents))
        time.sleep(PAUSE)
    for name, costs in (("key", keys), ("afterwards", afterwards)):
        print(f"{name:<11} {statistics.median(costs):5.2f} ms, at most {max(costs):5.2f} ms")


def with_many(project: Project, shots: int) -> Project:
    """With so many more shots, the first one selected."""
    for number in range(shots):
        project = edits.add_shot(project, Shot(new_id(), prompt=f"a red ball {number}"))
    return edits.select(project, project.shots[0].id)


def press(studio: StudioWindow, letter: str) -> None:
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        key = QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter)
        QCoreApplication.sendEvent(studio.shot.prompt, key)


def spent(act) -> float:
    """Milliseconds that this thread works at something, whatever else the computer does."""
    start = time.thread_time()
    act()
    return 1000 * (time.thread_time() - start)


def spin(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QCoreApplication.processEvents()


if __name__ == "__main__":
    main()
